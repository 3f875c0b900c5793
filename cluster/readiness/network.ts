import { at, condition, listAt, textAt, type KubernetesObject } from '../object';
import { describePods } from './pod';
import { progressing, ready, type Readiness } from './readiness';

function addresses(slices: readonly KubernetesObject[]): number {
  let count = 0;
  for (const slice of slices) {
    for (const endpoint of listAt(slice, 'endpoints')) {
      // Absent means ready (discovery.k8s.io/v1, EndpointConditions.ready).
      if (at(endpoint, 'conditions', 'ready') !== false) count += listAt(endpoint, 'addresses').length;
    }
  }
  return count;
}

/** Has an endpoint that takes traffic, and its load balancer an address. `slices` are its EndpointSlices. */
export function serviceReadiness(
  object: KubernetesObject,
  slices: readonly KubernetesObject[],
  pods: readonly KubernetesObject[] = [],
): Readiness {
  const type = textAt(object, 'spec', 'type') ?? 'ClusterIP';
  if (type === 'ExternalName') return ready;
  if (type === 'LoadBalancer' && listAt(object, 'status', 'loadBalancer', 'ingress').length === 0) {
    return progressing('the load balancer has no address yet');
  }
  const selector = at(object, 'spec', 'selector');
  const headless = textAt(object, 'spec', 'clusterIP') === 'None';
  // Without a selector somebody else keeps the endpoints; a headless one is often made before its pods.
  if (!selector || Object.keys(selector).length === 0 || headless) return ready;
  if (addresses(slices) > 0) return ready;
  const why = describePods(pods);
  if (why) return progressing(`no endpoint is ready: ${why}`);
  return progressing(pods.length === 0 ? 'no pod matches its selector' : 'no endpoint is ready');
}

/** A load balancer has picked it up. Whether anything does depends on the cluster, so a class-less ingress without one is not waited for. */
export function ingressReadiness(object: KubernetesObject): Readiness {
  if (listAt(object, 'status', 'loadBalancer', 'ingress').length > 0) return ready;
  return progressing('no ingress controller has given it an address yet');
}

/** Bound, or waiting for its first consumer by its storage class's choice. */
export function claimReadiness(object: KubernetesObject, bindsOnFirstUse = false): Readiness {
  const phase = textAt(object, 'status', 'phase');
  if (phase === 'Bound') return ready;
  if (bindsOnFirstUse && phase === 'Pending') return ready;
  if (phase === 'Lost') return progressing('its volume is lost');
  return progressing('no volume is bound to it yet');
}

/** The apiserver serves it. */
export function crdReadiness(object: KubernetesObject): Readiness {
  const refused = condition(object, 'NamesAccepted');
  if (refused?.status === 'False')
    return progressing(`its names are not accepted: ${refused.message ?? refused.reason ?? ''}`);
  return condition(object, 'Established')?.status === 'True'
    ? ready
    : progressing('the apiserver does not serve it yet');
}
