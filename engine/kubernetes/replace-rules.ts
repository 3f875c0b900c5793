import { WILDCARD, type PathStep } from '../property-path';

/** Paths whose change needs a new object. `except` are parts of them that do not. */
interface Rule {
  readonly paths: readonly string[];
  readonly except?: readonly string[];
}

const selector: Rule = { paths: ['spec.selector'] };

/** By group (empty for core) and kind. Versions of a group agree on these. */
const rules: Readonly<Record<string, Rule>> = {
  'apps/Deployment': selector,
  'apps/DaemonSet': selector,
  'apps/ReplicaSet': selector,
  'apps/StatefulSet': {
    paths: ['spec.podManagementPolicy', 'spec.selector', 'spec.serviceName', 'spec.volumeClaimTemplates'],
  },
  'batch/Job': { paths: ['spec.completions', 'spec.completionMode', 'spec.selector', 'spec.template'] },
  '/Pod': {
    paths: ['spec'],
    except: [
      'spec.activeDeadlineSeconds',
      'spec.tolerations',
      'spec.containers.*.image',
      'spec.initContainers.*.image',
    ],
  },
  '/Service': { paths: ['spec.clusterIP', 'spec.clusterIPs'] },
  // Growing a claim is done in place; a storage class that cannot says so, and no data is lost over it.
  '/PersistentVolumeClaim': { paths: ['spec'], except: ['spec.resources', 'spec.volumeAttributesClassName'] },
  '/PersistentVolume': {
    paths: ['spec'],
    except: [
      'spec.capacity',
      'spec.persistentVolumeReclaimPolicy',
      'spec.mountOptions',
      'spec.claimRef',
      'spec.accessModes',
    ],
  },
  '/ResourceQuota': { paths: ['spec.scopes', 'spec.scopeSelector'] },
  '/ConfigMap': { paths: ['data', 'binaryData'] },
  '/Secret': { paths: ['type', 'data', 'stringData'] },
  'rbac.authorization.k8s.io/RoleBinding': { paths: ['roleRef'] },
  'rbac.authorization.k8s.io/ClusterRoleBinding': { paths: ['roleRef'] },
  'storage.k8s.io/StorageClass': { paths: ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] },
  'storage.k8s.io/CSIDriver': { paths: ['spec.attachRequired', 'spec.volumeLifecycleModes'] },
  'scheduling.k8s.io/PriorityClass': { paths: ['value', 'preemptionPolicy'] },
  'networking.k8s.io/IngressClass': { paths: ['spec.controller'] },
  'node.k8s.io/RuntimeClass': { paths: ['handler'] },
  'discovery.k8s.io/EndpointSlice': { paths: ['addressType'] },
  'apiextensions.k8s.io/CustomResourceDefinition': {
    paths: ['spec.group', 'spec.scope', 'spec.names.kind', 'spec.names.plural'],
  },
};

const identity: Rule = { paths: ['kind', 'metadata.name', 'metadata.namespace'] };

/** Whether ConfigMaps and Secrets may be changed in place. */
export interface Mutability {
  readonly configMap: boolean;
  readonly secret: boolean;
}

/** True where a change at `path` cannot be made to the object as it is. */
export function forcesReplacement(
  apiVersion: string,
  kind: string,
  path: readonly PathStep[],
  mutable: Mutability,
): boolean {
  if (matches(identity, path)) return true;
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  const name = `${group}/${kind}`;
  if (!Object.prototype.hasOwnProperty.call(rules, name)) return false;
  if (name === '/ConfigMap' && mutable.configMap) return false;
  if (name === '/Secret' && mutable.secret) return path[0] === 'type';
  return matches(rules[name] as Rule, path);
}

function matches(rule: Rule, path: readonly PathStep[]): boolean {
  if (rule.except?.some(text => covers(text, path))) return false;
  return rule.paths.some(text => covers(text, path) || isWithin(path, text));
}

/** `path` is what `text` names, or a part of it. */
function covers(text: string, path: readonly PathStep[]): boolean {
  const steps = text.split('.');
  return steps.length <= path.length && steps.every((step, i) => step === WILDCARD || step === String(path[i]));
}

/** All of what contains it changed, for instance a whole `spec` that came or went. */
function isWithin(path: readonly PathStep[], text: string): boolean {
  const steps = text.split('.');
  return path.length < steps.length && path.every((step, i) => String(step) === steps[i]);
}
