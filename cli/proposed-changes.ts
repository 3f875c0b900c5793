import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { UpdateResult } from '../engine';
import { languagePrograms } from '../images';
import { describeDeployment, proposalFile, type DeploymentInputs } from '../product';
import { plainMap } from './plain-value';

const productDeployment = 'pulumi-nodejs:dynamic/product:ProductDeployment';
/** Folder for texts of plans, for the resources' process (`dynamic-providers/product/deployment-handler.ts`). */
const folderVariable = 'AIRLOCK_PROPOSALS';

/**
 * Runs a preview so that the resources leave what they planned as text in a folder that only we can enter: each product is planned
 * once, and its text, which holds values, never enters the state. The workspace must be opened inside, to see the environment.
 */
export async function withProposalTexts<T>(work: () => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'airlock-proposals-'));
  process.env[folderVariable] = folder;
  try {
    return await work();
  } finally {
    delete process.env[folderVariable];
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * What a preview means for the products in it: versions, values difference and rendered manifest difference. Empty when no product
 * would change.
 */
export async function proposedChanges(result: UpdateResult, signal?: AbortSignal): Promise<string> {
  const texts: string[] = [];
  for (const step of result.changes) {
    if (step.type !== productDeployment || step.op === 'same' || step.new === undefined) continue;
    const inputs = plainMap(step.new.inputs) as unknown as DeploymentInputs & { readonly phase?: string };
    // Not planned: it builds on what only the update makes known.
    if (inputs.phase === undefined) {
      texts.push(`${inputs.instance}: planned by the update, once what it builds on is up\n`);
      continue;
    }
    texts.push((await left(inputs)) ?? (await describeDeployment(inputs, planning(signal))));
  }
  return texts.join('\n');
}

const planning = (signal: AbortSignal | undefined) => ({ programs: languagePrograms(), ...(signal && { signal }) });

/** The text that the resource left; undefined under another engine. */
async function left(inputs: DeploymentInputs): Promise<string | undefined> {
  const folder = process.env[folderVariable];
  if (folder === undefined) return undefined;
  return readFile(path.join(folder, proposalFile(inputs)), 'utf8').catch(() => undefined);
}

/** The same on standard output, after a preview. */
export async function printProposed(result: UpdateResult, signal: AbortSignal): Promise<void> {
  const proposed = await proposedChanges(result, signal);
  if (proposed !== '') process.stdout.write(`${proposed}\n`);
}
