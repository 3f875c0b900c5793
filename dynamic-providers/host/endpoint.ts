import * as pulumi from '@pulumi/pulumi';
import { HandledResource } from '../handled-resource';

export interface EndpointArgs {
  /** What answers when the service is reached, and nothing else does. */
  url: pulumi.Input<string>;
  /** The service behind it: `gitea` and `registry` are known by their answers, `http` by any 200. */
  service: pulumi.Input<'gitea' | 'registry' | 'http'>;
}

/**
 * A service that answers at its canonical name. Ready pods are not enough: the node's rules for a new Service come a moment
 * later, and until then its address leads somewhere else, where something else may answer.
 */
export class Endpoint extends HandledResource {
  /** As given; known once it answers. */
  declare readonly url: pulumi.Output<string>;

  constructor(name: string, args: EndpointArgs, options?: pulumi.CustomResourceOptions) {
    super('./dist/dynamic-providers/host/endpoint-handler.js', name, { ...args }, options, 'host', 'Endpoint');
  }
}
