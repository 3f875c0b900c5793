export { docker, type Engine, type EngineFinding, findEngine } from './docker';
export { ensureEngine, stopEngine, type EnsureEngineOptions } from './engine';
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
export {
  clusterState,
  type ClusterOptions,
  type ClusterState,
  createCluster,
  deleteCluster,
  kubeconfigOf,
} from './kind';
export { type ClusterSpec, INGRESS_NODE_PORT, type NodeRegistry } from './kind-config';
export { type CheckResult, type CheckStatus, doctor, type DoctorOptions } from './doctor';
export { httpAnswers } from './probe';
