import { validRange } from 'semver';
import { newestInRange } from '../../ocm';
import { AirlockError } from '../../report';

/** The newest version in a subscription's range; undefined when none is. Throws `product.invalid-range`. */
export function highestWithin(versions: readonly string[], range: string, where?: string): string | undefined {
  if (validRange(range) !== null) return newestInRange(versions, range);
  throw new AirlockError({
    code: 'product.invalid-range',
    message: `'${range}' is not a semver range`,
    remedy: "Write a range like '>=1.0.0' or '~1.2' into spec.semver",
    ...(where === undefined ? {} : { where }),
  });
}
