import * as path from 'node:path';
import { readConfiguration } from './components/configuration';
import { consumerStack } from './components/consumer-stack';
import { providerStack } from './components/provider-stack';

/** The program: the configuration says which side of the boundary this stack is. */
const configuration = readConfiguration();

export = configuration.role === 'provider'
  ? providerStack(configuration, path.resolve('examples'))
  : consumerStack(configuration);
