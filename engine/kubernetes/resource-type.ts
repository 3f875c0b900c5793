import { textOf } from './plain';
import type { PropertyMap } from '../values';

/** Which kind of Kubernetes object a resource is. */
export interface KindOfResource {
  readonly apiVersion: string;
  readonly kind: string;
  /** `ConfigMapPatch` and the like: sets fields of an object that somebody else owns, and never deletes it. */
  readonly patch: boolean;
}

const refusals: readonly { readonly type: RegExp; readonly reason: string }[] = [
  {
    type: /^kubernetes:helm\.sh\/v3:Release$/,
    reason:
      'helm.v3.Release is Helm itself and is not available in the embedded engine. Render the chart (helm template) and give its manifests to yaml.v2.ConfigGroup, or run the program with the Pulumi CLI',
  },
  {
    type: /^kubernetes:helm\.sh\/v4:Chart$/,
    reason:
      'helm.v4.Chart needs the helm program and is not available in the embedded engine. Render the chart (helm template) and give its manifests to yaml.v2.ConfigGroup, or run the program with the Pulumi CLI',
  },
  {
    type: /^kubernetes:kustomize\/v2:Directory$/,
    reason:
      'kustomize.v2.Directory needs the kustomize program and is not available in the embedded engine. Build it (kustomize build) and give the result to yaml.v2.ConfigGroup, or run the program with the Pulumi CLI',
  },
];

/** Why a type cannot be managed here, or undefined where it can. */
export function refusalOf(type: string, kind: string | undefined): string | undefined {
  const found = refusals.find(entry => entry.type.test(type));
  if (found) return found.reason;
  const native = nativeNamespaced(type.split(':')[1]?.replace(/^core\//, '') ?? '', kind ?? '') !== undefined;
  // A custom resource may well be called something with List.
  return native && kind?.endsWith('List')
    ? 'a list is not an object of its own; register its items one by one'
    : undefined;
}

/** From the inputs, which always carry apiVersion and kind; the type tells whether it is a patch. Undefined where they are missing. */
export function kindOf(type: string, inputs: PropertyMap): KindOfResource | undefined {
  const apiVersion = textOf(inputs['apiVersion']);
  const kind = textOf(inputs['kind']);
  if (!apiVersion || !kind) return undefined;
  return { apiVersion, kind, patch: type.endsWith(`:${kind}Patch`) };
}

const clusterScoped = new Set([
  'Namespace',
  'Node',
  'PersistentVolume',
  'ComponentStatus',
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
  'APIService',
  'StorageClass',
  'VolumeAttachment',
  'VolumeAttributesClass',
  'CSIDriver',
  'CSINode',
  'PriorityClass',
  'IngressClass',
  'IPAddress',
  'ServiceCIDR',
  'RuntimeClass',
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionPolicyBinding',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'CertificateSigningRequest',
  'ClusterTrustBundle',
  'FlowSchema',
  'PriorityLevelConfiguration',
  'DeviceClass',
  'ResourceSlice',
  'DeviceTaintRule',
  'StorageVersion',
  'StorageVersionMigration',
  'TokenReview',
  'SubjectAccessReview',
  'SelfSubjectAccessReview',
  'SelfSubjectRulesReview',
  'SelfSubjectReview',
]);

/** Whether a kind built into Kubernetes has a namespace; undefined for custom kinds, which only the cluster knows. */
export function nativeNamespaced(apiVersion: string, kind: string): boolean | undefined {
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  const native =
    ['', 'apps', 'batch', 'autoscaling', 'policy'].includes(group) || /^[a-z]+(\.[a-z]+)?\.k8s\.io$/.test(group);
  // Projects of the Kubernetes community publish custom kinds under x-k8s.io and a few under k8s.io.
  if (!native || ['snapshot.storage.k8s.io', 'metrics.k8s.io', 'gateway.networking.k8s.io'].includes(group))
    return undefined;
  return !clusterScoped.has(kind);
}
