export { credentialsOf, openForge, type ForgeAccount, type RegistryAccount, type RepositoryName } from './connections';
export {
  planDeployment,
  type DeploymentInputs,
  type DeploymentPhase,
  type DeploymentPlan,
  type OpenReader,
} from './deployment';
export { applyDeployment, validationContext } from './deployment-apply';
export {
  applyInstallation,
  installationFiles,
  planInstallation,
  type InstallationInputs,
  type InstallationPhase,
  type InstallationPlan,
} from './installation';
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
export { deploymentText, describeDeployment } from './describe';
