import { textAt, type KubernetesObject } from '../object';
import { claimReadiness, crdReadiness, ingressReadiness, serviceReadiness } from './network';
import { podReadiness } from './pod';
import { progressing, ready, type Readiness } from './readiness';
import { daemonSetReadiness, deploymentReadiness, jobReadiness, statefulSetReadiness } from './workload';

export * from './readiness';
export { describePods, podFault, podReadiness } from './pod';
export { daemonSetReadiness, deploymentReadiness, jobReadiness, statefulSetReadiness } from './workload';
export { claimReadiness, crdReadiness, ingressReadiness, serviceReadiness } from './network';

/** Other objects that tell why one is not ready. */
export interface RelatedObjects {
  readonly pods?: readonly KubernetesObject[];
  readonly endpointSlices?: readonly KubernetesObject[];
  /** For a claim: its storage class binds on first use. */
  readonly bindsOnFirstUse?: boolean;
}

type Rule = (object: KubernetesObject, related: RelatedObjects) => Readiness;

const rules: Readonly<Record<string, Rule>> = {
  'apps/Deployment': (object, { pods }) => deploymentReadiness(object, pods),
  'apps/StatefulSet': (object, { pods }) => statefulSetReadiness(object, pods),
  'apps/DaemonSet': (object, { pods }) => daemonSetReadiness(object, pods),
  'batch/Job': (object, { pods }) => jobReadiness(object, pods),
  '/Pod': object => podReadiness(object),
  '/Service': (object, { endpointSlices, pods }) => serviceReadiness(object, endpointSlices ?? [], pods),
  '/PersistentVolumeClaim': (object, { bindsOnFirstUse }) => claimReadiness(object, bindsOnFirstUse),
  '/Namespace': object =>
    textAt(object, 'status', 'phase') === 'Active' ? ready : progressing('the namespace is not active'),
  'networking.k8s.io/Ingress': object => ingressReadiness(object),
  'apiextensions.k8s.io/CustomResourceDefinition': object => crdReadiness(object),
};

function ruleName(apiVersion: string, kind: string): string {
  return `${apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''}/${kind}`;
}

/** True where this kind has a rule; everything else is ready as soon as it exists. */
export function hasReadinessRule(apiVersion: string, kind: string): boolean {
  return Object.prototype.hasOwnProperty.call(rules, ruleName(apiVersion, kind));
}

/** Whether an object does its work, by the rule of its kind. Pure: what it needs to know besides is in `related`. */
export function readinessOf(object: KubernetesObject, related: RelatedObjects = {}): Readiness {
  const name = ruleName(object.apiVersion, object.kind);
  return hasReadinessRule(object.apiVersion, object.kind) ? (rules[name] as Rule)(object, related) : ready;
}
