/** Property values as the engine holds them (pulumi-engine wire values, decoded). Plain JSON plus the classes below. */
export type PropertyValue =
  | null
  | boolean
  | number
  | string
  | readonly PropertyValue[]
  | PropertyMap
  | Secret
  | Unknown
  | Asset
  | Archive
  | ResourceReference
  | OutputValue;

export interface PropertyMap {
  readonly [key: string]: PropertyValue;
}

/** A value that must never be written or shown in plain text. */
export class Secret {
  constructor(readonly value: PropertyValue) {}
  toJSON(): string {
    return '[secret]';
  }
}

/** A value not known before the update. Legal in preview only. */
export class Unknown {
  static readonly instance = new Unknown();
  toJSON(): string {
    return '[unknown]';
  }
}

export class Asset {
  constructor(
    readonly source: { readonly path: string } | { readonly text: string } | { readonly uri: string },
    readonly hash?: string,
  ) {}
}

export class Archive {
  constructor(
    readonly source:
      | { readonly path: string }
      | { readonly uri: string }
      | { readonly assets: Readonly<Record<string, Asset | Archive>> },
    readonly hash?: string,
  ) {}
}

export class ResourceReference {
  constructor(
    readonly urn: string,
    readonly id?: string | Unknown,
    readonly packageVersion?: string,
  ) {}
}

export class OutputValue {
  constructor(
    readonly value: PropertyValue | undefined,
    readonly secret: boolean,
    readonly dependencies: readonly string[],
  ) {}
}

/** True for a plain map, false for arrays and the special classes. */
export function isMap(value: PropertyValue | undefined): value is PropertyMap {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
