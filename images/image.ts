import type { Recipe } from './recipes';

/** A program of the platform as a container image. */
export interface PlatformImage {
  readonly name: string;
  readonly version: string;
  /** The name used in manifests, wherever the image came from. */
  readonly reference: string;
  readonly purpose: string;
  /** The same image in a public registry; absent for what only Airlock makes. */
  readonly pull?: string;
  /** What it is assembled from, for people; empty for what is only pulled. */
  readonly assembledFrom: string;
  /** User and group in the container, the same whether pulled or assembled. */
  readonly user: string;
  /** Folders that hold its data or configuration. */
  readonly paths: readonly string[];
  /** Minutes a cold assembly takes on 2 cores. */
  readonly minutes: number;
  /** Absent for what is only pulled: `pulledOnlyImages`. */
  readonly recipe?: Recipe;
}
