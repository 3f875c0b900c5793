import type * as pulumi from '@pulumi/pulumi';
import * as path from 'node:path';
import { readConfiguration } from './components/configuration';
import { consumerStack } from './components/consumer-stack';
import { programError } from './components/program-error';
import { providerStack } from './components/provider-stack';

/** The program: the configuration says which side of the boundary this stack is. */
function program(): Record<string, pulumi.Input<unknown>> {
  try {
    const configuration = readConfiguration();
    return configuration.role === 'provider'
      ? providerStack(configuration, path.resolve('examples'))
      : consumerStack(configuration);
  } catch (error) {
    throw programError(error);
  }
}

export = program();
