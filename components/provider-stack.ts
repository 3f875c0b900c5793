import * as pulumi from '@pulumi/pulumi';
import type { Configuration } from './configuration';
import { KindPlatform } from './kind-platform';
import { hostOf, type Platform } from './platform';
import { ProcessPlatform } from './process-platform';
import { SoftwareProvider } from './software-provider';
import { vendorProducts } from './vendor-product';

/** The platform and the vendor's side. What consumers need of it are its outputs. */
export function providerStack(configuration: Configuration, examples: string): Record<string, pulumi.Input<unknown>> {
  const { platform, outputs } = standUp(configuration);
  const provider = new SoftwareProvider('provider', {
    configuration,
    platform,
    products: vendorProducts(configuration, examples),
  });
  return {
    ...outputs,
    platform: configuration.platform,
    forgeUrl: platform.forge.url,
    adminUser: platform.forge.username,
    adminPassword: pulumi.secret(platform.forge.password),
    repositoryUrl: provider.repositoryUrl,
    releasesUrl: provider.releasesUrl,
    providerRegistry: provider.registry.host,
    // The pull account is all of the provider's that a consumer is given.
    providerRegistryReader: {
      username: provider.registry.reader.username,
      password: pulumi.secret(provider.registry.reader.password),
    },
    publicKey: provider.publicKey,
    component: configuration.component,
    podinfoUrl: `http://${hostOf('podinfo', configuration)}`,
  };
}

function standUp(configuration: Configuration): { platform: Platform; outputs: Record<string, pulumi.Input<unknown>> } {
  if (configuration.platform === 'none')
    return { platform: ProcessPlatform.standUp('platform', configuration), outputs: {} };
  const kind = new KindPlatform('platform', configuration);
  return {
    platform: kind.platform,
    outputs: { kubeconfig: pulumi.secret(kind.kubeconfig), ingressIP: kind.ingressIP, images: kind.images },
  };
}
