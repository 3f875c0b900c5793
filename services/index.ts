export { runSourceController, type SourceControllerOptions } from './source';
