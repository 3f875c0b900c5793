import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { LineCounter, parseAllDocuments } from 'yaml';
import { AirlockError, messageOf } from '../../report';
import type {
  EventListener,
  Manifest,
  Pipeline,
  PipelineTask,
  Task,
  TriggerBinding,
  TriggerTemplate,
} from './manifests';
import { schemas } from './schema';

/** A pipeline and what starts it, by name, checked so far as that is possible without a release. */
export interface PipelineSet {
  readonly listeners: ReadonlyMap<string, EventListener>;
  readonly bindings: ReadonlyMap<string, TriggerBinding>;
  readonly templates: ReadonlyMap<string, TriggerTemplate>;
  readonly pipelines: ReadonlyMap<string, Pipeline>;
  readonly tasks: ReadonlyMap<string, Task>;
}

const maxFileBytes = 256 * 1024;
const maxDocuments = 64;

/** Kinds that belong to the installation under Tekton and mean nothing to the runner. */
const installation = new Set([
  'ServiceAccount',
  'Role',
  'RoleBinding',
  'ClusterRole',
  'ClusterRoleBinding',
  'Namespace',
  'Kustomization',
]);

/**
 * Reads all `*.yaml` of the folders; pipelines of one may use tasks of another. Throws `release.invalid-pipeline`, naming file
 * and line.
 */
export async function loadPipelines(folders: string | readonly string[]): Promise<PipelineSet> {
  const found = new Map<string, Map<string, Manifest>>(
    Object.keys(schemas).map(kind => [kind, new Map<string, Manifest>()]),
  );
  const all = typeof folders === 'string' ? [folders] : folders;
  for (const folder of all) {
    for (const file of await yamlFiles(folder)) {
      for (const manifest of await manifestsIn(join(folder, file), file)) {
        const ofKind = found.get(manifest.kind);
        if (ofKind?.has(manifest.metadata.name))
          throw invalid(file, `${manifest.kind} ${manifest.metadata.name} is there twice`);
        ofKind?.set(manifest.metadata.name, manifest);
      }
    }
  }
  const set = {
    listeners: found.get('EventListener') as Map<string, EventListener>,
    bindings: found.get('TriggerBinding') as Map<string, TriggerBinding>,
    templates: found.get('TriggerTemplate') as Map<string, TriggerTemplate>,
    pipelines: found.get('Pipeline') as Map<string, Pipeline>,
    tasks: found.get('Task') as Map<string, Task>,
  };
  checkReferences(set, all.join(', '));
  return set;
}

/** Tasks in an order that respects `runAfter` and the results they use; otherwise as written. */
export function inOrder(pipeline: Pipeline, where: string): PipelineTask[] {
  const waiting = new Map(pipeline.spec.tasks.map(task => [task.name, task]));
  const ordered: PipelineTask[] = [];
  while (waiting.size > 0) {
    const next = [...waiting.values()].find(task => ![...needs(task)].some(need => waiting.has(need)));
    if (!next)
      throw invalid(
        where,
        `Pipeline ${pipeline.metadata.name}: tasks ${[...waiting.keys()].join(', ')} wait for each other`,
      );
    waiting.delete(next.name);
    ordered.push(next);
  }
  return ordered;
}

function needs(task: PipelineTask): Set<string> {
  const mentioned = JSON.stringify([task.params, task.when]).matchAll(/\$\(tasks\.([\w-]+)\.results\./g);
  return new Set([...(task.runAfter ?? []), ...[...mentioned].map(match => match[1] ?? '')]);
}

async function yamlFiles(folder: string): Promise<string[]> {
  try {
    const files = (await readdir(folder)).filter(name => /\.ya?ml$/.test(name)).sort();
    if (files.length > 0) return files;
  } catch (error) {
    throw invalid(folder, `the folder cannot be read: ${messageOf(error)}`);
  }
  throw invalid(folder, 'the folder has no YAML files');
}

async function manifestsIn(path: string, file: string): Promise<Manifest[]> {
  if ((await stat(path)).size > maxFileBytes) throw invalid(file, `larger than ${maxFileBytes} bytes`);
  const lines = new LineCounter();
  const documents = parseAllDocuments(await readFile(path, 'utf8'), { lineCounter: lines, uniqueKeys: true });
  if (!Array.isArray(documents)) return [];
  if (documents.length > maxDocuments) throw invalid(file, `more than ${maxDocuments} documents`);
  const manifests: Manifest[] = [];
  for (const document of documents) {
    const problem = document.errors[0];
    if (problem)
      throw invalid(`${file}:${problem.linePos?.[0].line ?? 1}`, problem.message.split('\n')[0] ?? 'not YAML');
    const content = document.toJS({ maxAliasCount: 20 }) as Partial<Manifest> | null;
    if (content === null || installation.has(String(content.kind))) continue;
    const line = lines.linePos(document.contents?.range?.[0] ?? 0).line;
    manifests.push(checked(content, `${file}:${line}`));
  }
  return manifests;
}

const ajv = new Ajv({ strict: false, allErrors: false });
const validators = new Map<string, ValidateFunction>();

function checked(content: Partial<Manifest>, where: string): Manifest {
  const kind = String(content.kind);
  const schema = schemas[kind];
  if (!schema)
    throw invalid(where, `kind ${kind} is none that the release runner takes (${Object.keys(schemas).join(', ')})`);
  const validate = validators.get(kind) ?? ajv.compile(schema);
  validators.set(kind, validate);
  const name = content.metadata?.name ?? '';
  if (!validate(content)) throw invalid(where, `${kind} ${name}: ${said(validate.errors ?? [])}`);
  return content as Manifest;
}

function said(errors: readonly ErrorObject[]): string {
  const error = errors[0];
  if (!error) return 'not as expected';
  const place = error.instancePath.replace(/^\//, '').replaceAll('/', '.') || 'it';
  if (error.keyword === 'additionalProperties') {
    return `${place} has field ${String((error.params as { additionalProperty: string }).additionalProperty)}, which the release runner does not know; run this pipeline with Tekton`;
  }
  return `${place} ${error.message ?? 'is not as expected'}`;
}

function checkReferences(set: PipelineSet, folder: string): void {
  const require = (kind: string, from: ReadonlyMap<string, unknown>, name: string, by: string) => {
    if (!from.has(name)) throw invalid(folder, `${by} names ${kind} ${name}, which is not there`);
  };
  for (const [listenerName, listener] of set.listeners) {
    for (const trigger of listener.spec.triggers) {
      const by = `EventListener ${listenerName}, trigger ${trigger.name},`;
      for (const binding of trigger.bindings) require('TriggerBinding', set.bindings, binding.ref, by);
      require('TriggerTemplate', set.templates, trigger.template.ref, by);
    }
  }
  for (const [templateName, template] of set.templates) {
    for (const run of template.spec.resourcetemplates) {
      require('Pipeline', set.pipelines, run.spec.pipelineRef.name, `TriggerTemplate ${templateName}`);
    }
  }
  for (const [pipelineName, pipeline] of set.pipelines) {
    inOrder(pipeline, folder);
    const names = new Set(pipeline.spec.tasks.map(task => task.name));
    for (const task of [...pipeline.spec.tasks, ...(pipeline.spec.finally ?? [])]) {
      const by = `Pipeline ${pipelineName}, task ${task.name},`;
      require('Task', set.tasks, task.taskRef.name, by);
      for (const need of needs(task)) {
        if (!names.has(need)) throw invalid(folder, `${by} waits for task ${need}, which is not there`);
      }
    }
  }
}

function invalid(where: string, message: string): AirlockError {
  return new AirlockError({
    code: 'release.invalid-pipeline',
    message: `The release pipeline is not usable: ${message}`,
    remedy: 'Correct the manifest and start the release runner again',
    where,
  });
}
