export * from './object';
export { ClusterError, type StatusCause } from './errors';
export { loadAccess, parseAccess, type ClusterAccess } from './kubeconfig';
export { Discovery, apiPrefix, type ResourceKind } from './discovery';
export { Cluster, defaultFieldManager, isMissing } from './cluster';
export type * from './options';
export type { WatchEvent, WatchOptions } from './watch';
export * from './readiness';
export {
  NotReady,
  labelSelector,
  waitFor,
  waitUntilGone,
  waitUntilReady,
  type Predicate,
  type WaitOptions,
} from './wait';
export * from './flux';
