export { runSourceController, type SourceControllerOptions } from './source-controller';
export type { Log } from './log';
