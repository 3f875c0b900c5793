import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { Configuration } from './configuration';
import { KubernetesPlatform } from './kubernetes-platform';
import type { ForgeAccess, Platform } from './platform';
import { ProcessPlatform } from './process-platform';
import type { Product } from './product';
import { SoftwareConsumer } from './software-consumer';

/** One consumer environment, on the platform that another stack stands up. */
export function consumerStack(configuration: Configuration): Record<string, pulumi.Input<unknown>> {
  const other = new pulumi.StackReference(`organization/${pulumi.getProject()}/${configuration.platformStack}`);
  const text = (output: string): pulumi.Output<string> => other.requireOutput(output) as pulumi.Output<string>;
  const forge: ForgeAccess = { url: text('forgeUrl'), username: text('adminUser'), password: text('adminPassword') };
  const reader = other.requireOutput('providerRegistryReader') as pulumi.Output<{ username: string; password: string }>;
  const consumer = new SoftwareConsumer('consumer', {
    configuration,
    platform: join(configuration, other, forge),
    source: {
      host: text('providerRegistry'),
      username: reader.apply(account => account?.username),
      password: pulumi.secret(reader.apply(account => account?.password)),
    },
    publicKey: text('publicKey'),
    ...(configuration.platform !== 'none' && { kubeconfig: pulumi.secret(text('kubeconfig')) }),
  });
  const [first] = consumer.products;
  return {
    managementUrl: consumer.managementUrl,
    projectUrl: consumer.projectUrl,
    consumerRegistry: consumer.registry.host,
    consumerRegistryReader: {
      username: consumer.registry.reader.username,
      password: pulumi.secret(consumer.registry.reader.password),
    },
    ...(consumer.snapshotPublicKey && { snapshotPublicKey: consumer.snapshotPublicKey }),
    ...(consumer.watchSecret && { watchSecret: consumer.watchSecret }),
    ...outputsOf(first),
    products: Object.fromEntries(
      consumer.products.map((product, index) => [configuration.products[index]?.name, outputsOf(product)]),
    ),
  };
}

/** How far a product has come. */
function outputsOf({ installation, replication, deployment }: Product) {
  return {
    installation: { phase: installation.phase, pullRequest: installation.pullRequest },
    replication: { phase: replication.phase, version: replication.version, reason: replication.reason },
    deployment: {
      phase: deployment.phase,
      merged: deployment.merged,
      proposed: deployment.proposed,
      pullRequest: deployment.pullRequest,
      reason: deployment.reason,
    },
  };
}

function join(configuration: Configuration, other: pulumi.StackReference, forge: ForgeAccess): Platform {
  if (configuration.platform === 'none') return ProcessPlatform.join(configuration, forge);
  const provider = new k8s.Provider('kubernetes', {
    kubeconfig: pulumi.secret(other.requireOutput('kubeconfig') as pulumi.Output<string>),
    enableConfigMapMutable: true,
    enableSecretMutable: true,
  });
  return new KubernetesPlatform(configuration, {
    provider,
    forge,
    images: other.requireOutput('images') as pulumi.Output<Record<string, string>>,
    ingressIP: other.requireOutput('ingressIP') as pulumi.Output<string>,
  });
}
