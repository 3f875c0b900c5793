export { docker, type Engine, type EngineFinding, findEngine } from './docker';
export { ensureEngine, type EnsureEngineOptions } from './engine';
export { anyFreePort, portFree, requirePort, tcpAnswers } from './ports';
export {
  findProcess,
  type ProcessOptions,
  type ProcessSpec,
  type Readiness,
  type RunningProcess,
  startProcess,
  stopProcess,
} from './process';
