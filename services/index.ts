export { runSourceController, type SourceControllerOptions } from './source';
export {
  runReleaseRunner,
  statusContext,
  type ReleaseRunnerOptions,
  type RunningReleaseRunner,
  type RunRecord,
} from './release';
export { runWatch, type RunningWatch, type Trigger, type WatchLimits, type WatchOptions } from './watch';
