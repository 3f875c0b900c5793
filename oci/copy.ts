import type { Readable } from 'node:stream';
import { hasCode, type Reporter } from '../report';
import type { Content, Descriptor } from './content';
import { CopySession } from './copy-session';
import { isDigest } from './digest';
import { childrenFor } from './filter-platforms';
import { isForeignLayer, isManifest } from './media-types';
import { selectPlatform } from './platform';
import { readContent } from './streams';

/** What became of one blob or manifest. */
export interface CopyEvent {
  /** `copied`: its bytes went over; `mounted`: taken over within the target's registry; `skipped`: already there. */
  readonly kind: 'copied' | 'mounted' | 'skipped';
  readonly descriptor: Descriptor;
}

export interface CopyOptions {
  /** Requests and transfers at once. Default 6. Ignored when `session` is given. */
  readonly concurrency?: number;
  /** Shared by several copies, so that what they have in common goes over once. */
  readonly session?: CopySession;
  readonly onEvent?: (event: CopyEvent) => void;
  /** Hears of each blob that goes over, with bytes. */
  readonly report?: Reporter;
  /** `os/architecture[/variant]`: takes only this one out of an index; the result is that image, not the index. Default: everything. */
  readonly platform?: string;
  /**
   * Of indexes only the images for these platforms go over; the index itself stays as it is, digest and signatures included,
   * and refers to more than there is. Not every registry takes such an index. Default: everything.
   */
  readonly platforms?: readonly string[];
  /** Repositories in the target's registry that may hold the blobs, tried first. */
  readonly mountFrom?: readonly string[];
  /** Copies what refers to the manifests too: signatures, attestations, SBOMs. Default false. */
  readonly referrers?: boolean;
  /** Looks at every blob even below manifests that are present: repairs a damaged target. Default false. */
  readonly deep?: boolean;
  readonly signal?: AbortSignal;
}

export interface CopyResult {
  /** What the target now holds: by this digest, and under the tag. */
  readonly root: Descriptor;
  readonly copied: number;
  readonly mounted: number;
  readonly skipped: number;
  /** Bytes that went over. */
  readonly bytes: number;
  /** Entries of indexes that were left out by {@link CopyOptions.platforms}. */
  readonly omitted?: readonly Descriptor[];
}

/**
 * Copies what `reference` names, with everything it refers to, children before parents, streaming, each digest once.
 * `targetReference`: the tag there; default: the source's tag, none for a digest. What is present is not sent again.
 * Errors: those of both contents; `oci.no-such-platform`.
 */
export async function copy(
  source: Content,
  reference: string,
  target: Content,
  targetReference?: string,
  options: CopyOptions = {},
): Promise<CopyResult> {
  const call = options.signal ? { signal: options.signal } : {};
  const resolved = await source.resolve(reference, call);
  const root =
    options.platform === undefined
      ? resolved
      : await selectPlatform(source, resolved, options.platform, options.signal);
  const tag = targetReference ?? (isDigest(reference) ? undefined : reference);
  if (
    tag !== undefined &&
    !isDigest(tag) &&
    !options.deep &&
    !options.referrers &&
    !options.platforms &&
    (await tagged(target, tag, options.signal)) === root.digest
  ) {
    options.onEvent?.({ kind: 'skipped', descriptor: root });
    return { root, copied: 0, mounted: 0, skipped: 1, bytes: 0 };
  }
  return new Transfer(source, target, options).run(root, tag !== undefined && isDigest(tag) ? undefined : tag);
}

/** Copies a manifest (or blob) with everything it refers to, without a tag. */
export function copyGraph(
  source: Content,
  root: Descriptor,
  target: Content,
  options: CopyOptions = {},
): Promise<CopyResult> {
  return new Transfer(source, target, options).run(root, undefined);
}

async function tagged(content: Content, tag: string, signal?: AbortSignal): Promise<string | undefined> {
  try {
    return (await content.resolve(tag, signal ? { signal } : {})).digest;
  } catch (error) {
    if (hasCode(error, 'oci.not-found')) return undefined;
    throw error;
  }
}

/** One copy under way. The first failure ends what else runs, and is what is thrown. */
class Transfer {
  private readonly session: CopySession;
  private readonly stop = new AbortController();
  private readonly signal: AbortSignal;
  private readonly count = { copied: 0, mounted: 0, skipped: 0, bytes: 0 };
  private readonly referring = new Set<string>();
  private readonly omitted: Descriptor[] = [];

  constructor(
    private readonly source: Content,
    private readonly target: Content,
    private readonly options: CopyOptions,
  ) {
    this.session = options.session ?? new CopySession(options.concurrency);
    this.signal = options.signal ? AbortSignal.any([options.signal, this.stop.signal]) : this.stop.signal;
  }

  async run(root: Descriptor, tag: string | undefined): Promise<CopyResult> {
    await this.node(root, tag);
    if (isManifest(root.mediaType) && tag === undefined) await this.target.list?.(root, { signal: this.signal });
    return { root, ...this.count, ...(this.omitted.length === 0 ? {} : { omitted: this.omitted }) };
  }

  private node(descriptor: Descriptor, tag?: string): Promise<void> {
    if (!isManifest(descriptor.mediaType)) return this.session.once(this.key(descriptor), () => this.blob(descriptor));
    // A tag makes it another piece of work than the same manifest as somebody's child.
    return this.session.once(`${this.key(descriptor)} ${tag ?? ''}`, () => this.manifest(descriptor, tag));
  }

  private async manifest(descriptor: Descriptor, tag: string | undefined): Promise<void> {
    const call = { signal: this.signal };
    const present = await this.present(descriptor);
    if (!present || this.options.deep || this.options.referrers || this.options.platforms) {
      const bytes = await this.session.slot(() => readContent(this.source, descriptor, call));
      const { wanted, omitted } = childrenFor(descriptor, bytes, this.options.platforms ?? [], this.source.name);
      this.omitted.push(...omitted);
      if (!present || this.options.deep) await this.all(wanted);
      else if (this.options.referrers) await this.all(wanted.filter(child => isManifest(child.mediaType)));
      if (!present) await this.session.slot(() => this.store(descriptor, bytes, tag));
      this.done(present ? 'skipped' : 'copied', descriptor);
      if (this.options.referrers) await this.referrers(descriptor);
    } else {
      this.done('skipped', descriptor);
    }
    if (tag !== undefined && (present || !this.target.pushTagged)) await this.target.tag(descriptor, tag, call);
  }

  private async store(descriptor: Descriptor, bytes: Buffer, tag: string | undefined): Promise<void> {
    if (tag !== undefined && this.target.pushTagged)
      await this.target.pushTagged(descriptor, bytes, tag, { signal: this.signal });
    else await this.target.push(descriptor, bytes, { signal: this.signal, absent: true });
    this.count.bytes += bytes.length;
  }

  private async blob(descriptor: Descriptor): Promise<void> {
    if (isForeignLayer(descriptor.mediaType) && 'urls' in descriptor) return this.done('skipped', descriptor);
    if (await this.present(descriptor)) return this.done('skipped', descriptor);
    // The same blob may be on its way into another repository of the same registry: afterwards it can be mounted from there.
    const shared = `${this.target.store ?? this.target.name} ${descriptor.digest}`;
    const moved = await this.session.exclusive(shared, () => this.session.slot(() => this.move(descriptor)));
    this.done(moved, descriptor);
  }

  private async move(descriptor: Descriptor): Promise<'copied' | 'mounted'> {
    if (await this.mounted(descriptor)) return 'mounted';
    const counted = this.counting(descriptor);
    await this.target.push(descriptor, counted.open, { signal: this.signal, absent: true });
    counted.done();
    this.count.bytes += descriptor.size;
    this.session.remember(this.target, descriptor.digest);
    return 'copied';
  }

  private async mounted(descriptor: Descriptor): Promise<boolean> {
    if (!this.target.mount) return false;
    const sameStore =
      this.source.store !== undefined && this.source.store === this.target.store ? this.source.repository : undefined;
    const known = sameStore ?? this.session.holder(this.target, descriptor.digest);
    const candidates = new Set([...(known === undefined ? [] : [known]), ...(this.options.mountFrom ?? [])]);
    for (const from of candidates)
      if (from !== this.target.repository && (await this.target.mount(descriptor, from, { signal: this.signal })))
        return true;
    return false;
  }

  private async present(descriptor: Descriptor): Promise<boolean> {
    if (this.session.knows(this.target, descriptor.digest)) return true;
    const found = await this.session.slot(() => this.target.exists(descriptor, { signal: this.signal }));
    if (found) this.session.remember(this.target, descriptor.digest);
    return found;
  }

  private async referrers(descriptor: Descriptor): Promise<void> {
    if (!this.source.referrers || this.referring.has(descriptor.digest)) return;
    this.referring.add(descriptor.digest);
    await this.all(await this.source.referrers(descriptor, { signal: this.signal }));
  }

  private async all(descriptors: readonly Descriptor[]): Promise<void> {
    let failure: { readonly error: unknown } | undefined;
    await Promise.all(
      descriptors.map(async child => {
        try {
          await this.node(child);
        } catch (error) {
          failure ??= { error };
          this.stop.abort(error);
        }
      }),
    );
    if (failure) throw failure.error;
  }

  private done(kind: CopyEvent['kind'], descriptor: Descriptor): void {
    this.count[kind]++;
    this.session.remember(this.target, descriptor.digest);
    this.options.onEvent?.({ kind, descriptor });
  }

  /** Opens the source, reporting bytes as they pass; begins anew when a push is repeated. */
  private counting(descriptor: Descriptor): { open: () => Promise<Readable>; done: () => void } {
    const report = this.options.report;
    const open = (): Promise<Readable> => this.source.fetch(descriptor, { signal: this.signal });
    if (!report) return { open, done: () => undefined };
    const event = {
      id: descriptor.digest,
      title: `${this.target.name} ${descriptor.digest.slice(0, 19)}`,
      total: descriptor.size,
      unit: 'bytes' as const,
    };
    const begun = Date.now();
    report({ kind: 'start', current: 0, ...event });
    return {
      open: async () => {
        const stream = await open();
        let passed = 0;
        let said = Date.now();
        stream.on('data', (chunk: Buffer) => {
          passed += chunk.length;
          if (Date.now() - said < 200) return;
          said = Date.now();
          report({ kind: 'update', current: passed, ...event });
        });
        // A listener starts the flow; whoever reads the stream starts it again.
        return stream.pause();
      },
      done: () => report({ kind: 'done', current: descriptor.size, elapsedMs: Date.now() - begun, ...event }),
    };
  }

  private key(descriptor: Descriptor): string {
    return `${this.source.name} > ${this.target.name} ${descriptor.digest}`;
  }
}
