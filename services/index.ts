export { runSourceController, type SourceControllerOptions } from './source';
export {
  runReleaseRunner,
  statusContext,
  type ReleaseRunnerOptions,
  type RunningReleaseRunner,
  type RunRecord,
} from './release';
