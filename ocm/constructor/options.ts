import type { Label } from '../descriptor';
import type { OpenOptions, Registries } from '../repository';
import type { Settings, Templater } from './template';

export interface BuildOptions extends OpenOptions {
  /** Values for `${NAME}` in the constructor file. */
  readonly settings?: Settings;
  readonly templater?: Templater;
  /** Version of components that have none. */
  readonly version?: string;
  /** Replaces component versions that are in the target. Default false: they are an error. */
  readonly replace?: boolean;
  /** Does not look at content that stays where it is, so its digest is filled in when signing. Default false. */
  readonly skipDigests?: boolean;
  /** Seconds since 1970 for `creationTime`. Default: `SOURCE_DATE_EPOCH`, else now. */
  readonly epoch?: number;
  readonly registries?: Registries;
  /** Labels of every component, over those of the same name in the file. */
  readonly labels?: readonly Label[];
}

export interface BuiltComponentVersion {
  readonly component: string;
  readonly version: string;
  readonly manifestDigest: string;
  readonly resources: number;
}
