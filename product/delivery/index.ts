export {
  credentialsOf,
  openForge,
  openRegistryWith,
  type ForgeAccount,
  type OpenForge,
  type OpenRegistry,
  type RegistryAccount,
  type RepositoryName,
} from './connections';
export { planDeployment } from './deployment';
export { removeDeployment, removeInstallation } from './removal';
export { validationContext } from './verdict';
export { applyDeployment } from './deployment-apply';
export type {
  DeploymentInputs,
  DeploymentPhase,
  DeploymentPlan,
  OpenedVersion,
  OpenReader,
  PlanOptions,
} from './deployment-inputs';
export { errorOfRefusal, refusalOf, refusalText, type Refusal } from './refusal';
export { releaseNotesLabel, releaseNotesType } from './release-notes';
export {
  applyInstallation,
  installationFiles,
  planInstallation,
  type InstallationInputs,
  type InstallationPhase,
  type InstallationPlan,
} from './installation';
export { productHealth, type HealthQuestion, type HealthState, type ProductHealth } from './health';
export { applyRollback, planRollback, type RollbackPlan } from './rollback';
export type { DeployedVersion } from './rollback-request';
export { applySync, planSync, type SyncInputs, type SyncPlan } from './sync';
export { settleDeployment, type SettledDeployment } from './settle';
export { deploymentReaders, type DeploymentReaders } from './reader';
export {
  componentDigest,
  isReplicated,
  replicate,
  resolveReplication,
  type Replicated,
  type ReplicationInputs,
  type ResolvedVersion,
} from './replication';
export { storedSignatures, type StoredSignature } from './stored-signatures';
export { deploymentText, describeDeployment, proposalFile } from './describe';
