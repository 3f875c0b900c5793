import type { UpdateResult } from '../engine';
import { languagePrograms } from '../images';
import { describeDeployment, type DeploymentInputs } from '../product';
import { plainMap } from './plain-value';

const productDeployment = 'pulumi-nodejs:dynamic/product:ProductDeployment';

/**
 * What a preview means for the products in it: versions, values difference and rendered manifest difference. The text is made
 * from the very inputs that the preview checked, and never enters the state. Empty when no product would change.
 */
export async function proposedChanges(result: UpdateResult, signal?: AbortSignal): Promise<string> {
  const texts: string[] = [];
  for (const step of result.changes) {
    if (step.type !== productDeployment || step.op === 'same' || step.new === undefined) continue;
    const inputs = plainMap(step.new.inputs) as unknown as DeploymentInputs;
    if (inputs.version === undefined) continue;
    texts.push(await describeDeployment(inputs, { programs: languagePrograms(), ...(signal && { signal }) }));
  }
  return texts.join('\n');
}
