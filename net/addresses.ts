import { lookup as systemLookup, type LookupOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { AirlockError } from '../report';

/** Where a service's canonical name is found from here (docs/architecture.md, "Names and networks"). */
export interface AddressBook {
  /** The address (an IP, or a name for the system resolver) written for `host`, or undefined when the book has none. */
  find(host: string): string | undefined;
}

/** What every book ends with: Node on Debian does not resolve names under `.localhost` itself. */
const LOOPBACK = '*.localhost=127.0.0.1';

/**
 * Parses `pattern=address[,pattern=address]`. A pattern is a host name or `*.suffix`; the first that matches wins.
 * `*.localhost=127.0.0.1` is appended. Throws `net.invalid-address-book`.
 */
export function parseAddressBook(text: string): AddressBook {
  const entries = [...text.split(','), LOOPBACK]
    .map(entry => entry.trim())
    .filter(entry => entry !== '')
    .map(entry => {
      const match = /^(\*\.)?([a-z0-9]([-a-z0-9.]*[a-z0-9])?)=([^\s=,]+)$/i.exec(entry);
      if (!match) {
        throw new AirlockError({
          code: 'net.invalid-address-book',
          message: `address book entry "${entry}" is not of the form pattern=address`,
          remedy: 'Write AIRLOCK_ADDRESSES as *.localhost=10.96.0.10,registry.example=10.0.0.7',
        });
      }
      const name = (match[2] ?? '').toLowerCase();
      return { suffix: match[1] ? `.${name}` : undefined, name, address: match[4] ?? '' };
    });
  return {
    find(host) {
      const wanted = host.toLowerCase().replace(/\.$/, '');
      return entries.find(entry => (entry.suffix ? wanted.endsWith(entry.suffix) : wanted === entry.name))?.address;
    },
  };
}

/** The book of this process: `AIRLOCK_ADDRESSES`, and loopback for the rest of `.localhost`. */
export function addressBook(env: NodeJS.ProcessEnv = process.env): AddressBook {
  return parseAddressBook(env['AIRLOCK_ADDRESSES'] ?? '');
}

/** A `lookup` for sockets (`net.connect`, undici connectors) that asks the book first and then the system. */
export function lookupIn(book: AddressBook): LookupFunction {
  return (hostname: string, options: LookupOptions, callback) => {
    const address = book.find(hostname) ?? hostname;
    const family = isIP(address);
    if (family === 0) {
      systemLookup(address, options, callback);
    } else if (options.all) {
      callback(null, [{ address, family }]);
    } else {
      callback(null, address, family);
    }
  };
}
