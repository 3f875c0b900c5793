import { Ajv, type ValidateFunction } from 'ajv';
import { expect } from 'chai';
import { loadPipelines } from '../../../services/release/load';
import { runFor } from '../../../services/release/trigger';
import {
  objectsIn,
  ordersPipelineFolder,
  pipelineFolder,
  tektonDefinitions,
  withoutDefinitions,
} from '../../support/tekton';

type Schema = Record<string, unknown>;

/** The schema as the apiserver uses it with strict field validation: unknown fields are errors. */
function strict(schema: Schema): Schema {
  const result: Schema = { ...schema };
  if (schema['x-kubernetes-int-or-string']) return { anyOf: [{ type: 'integer' }, { type: 'string' }] };
  for (const key of ['items', 'additionalProperties'] as const) {
    if (typeof schema[key] === 'object') result[key] = strict(schema[key] as Schema);
  }
  const properties = schema['properties'] as Record<string, Schema> | undefined;
  if (properties) {
    result['properties'] = Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, strict(each)]));
    if (!schema['x-kubernetes-preserve-unknown-fields'] && schema['additionalProperties'] === undefined)
      result['additionalProperties'] = false;
  }
  return result;
}

function schemaFor(apiVersion: string, kind: string): Schema {
  interface Definition {
    spec: { group: string; names: { kind: string }; versions: { name: string; schema: { openAPIV3Schema: Schema } }[] };
  }
  for (const { spec } of (tektonDefinitions() ?? []) as unknown as Definition[]) {
    const version = spec.versions.find(each => `${spec.group}/${each.name}` === apiVersion);
    if (!version || spec.names.kind !== kind) continue;
    const schema = strict(version.schema.openAPIV3Schema);
    // The apiserver itself knows these.
    if (schema['properties'])
      Object.assign(schema['properties'], { metadata: { type: 'object' }, apiVersion: {}, kind: {} });
    return schema;
  }
  throw new Error(`no definition of ${apiVersion} ${kind}`);
}

describe('the release pipelines of the examples', () => {
  const ajv = new Ajv({ strict: false, formats: { int32: true, int64: true, 'date-time': true } });

  const validators = new Map<string, ValidateFunction>();
  const validatorOf = (apiVersion: string, kind: string) => {
    const validate = validators.get(kind) ?? ajv.compile(schemaFor(apiVersion, kind));
    validators.set(kind, validate);
    return validate;
  };

  it('is valid under the schemas of Tekton, with no field it does not know', function () {
    if (!tektonDefinitions()) {
      console.log(withoutDefinitions);
      return this.skip();
    }
    const all = [...objectsIn(pipelineFolder), ...objectsIn(ordersPipelineFolder)];
    const objects = all.filter(object => object.apiVersion.includes('tekton.dev/'));
    expect(objects).to.have.length(11 + 6);
    const runs = objects
      .filter(object => object.kind === 'TriggerTemplate')
      .flatMap(object => (object['spec'] as { resourcetemplates: typeof objects }).resourcetemplates);
    for (const object of [...objects, ...runs]) {
      const validate = validatorOf(object.apiVersion, object.kind);
      expect(validate(object), `${object.kind} ${object.metadata.name}: ${ajv.errorsText(validate.errors)}`).to.equal(
        true,
      );
    }
  });

  it('would be refused with a field that Tekton does not know', function () {
    if (!tektonDefinitions()) return this.skip();

    const task = objectsIn(pipelineFolder).find(object => object.kind === 'Task');
    const validate = validatorOf('tekton.dev/v1', 'Task');
    expect(validate({ ...task, spec: { ...(task?.['spec'] as object), stepz: [] } })).to.equal(false);
  });

  it('are told apart by the listener that the repository of each delivers to', async () => {
    const set = await loadPipelines([pipelineFolder, ordersPipelineFolder]);
    const event = {
      headers: { 'x-gitea-event': 'release' },
      body: { action: 'published', release: { tag_name: 'v1.0.0' }, repository: { clone_url: 'http://forge/a/b.git' } },
    };
    const started = (listener: string) => runFor(set, { ...event, listener })?.spec.pipelineRef.name;
    expect(started('releases')).to.equal('podinfo-release');
    expect(started('orders-releases')).to.equal('orders-release');
    expect(started('others')).to.equal(undefined);
  });

  it('is one that the release runner takes, started by a published release', async () => {
    const set = await loadPipelines(pipelineFolder);
    const run = runFor(set, {
      headers: { 'x-gitea-event': 'release' },
      body: {
        action: 'published',
        release: { tag_name: 'v1.0.0' },
        repository: { clone_url: 'http://gitea.localhost:8080/software-provider/podinfo-component.git' },
      },
    });
    expect(run?.spec.params).to.deep.equal([
      { name: 'image', value: 'airlock.local/release-runner:latest' },
      { name: 'url', value: 'http://gitea.localhost:8080/software-provider/podinfo-component.git' },
      { name: 'tag', value: 'v1.0.0' },
      // The runner says on the commit how a run goes, from its first moment; the pipeline leaves that to it.
      { name: 'report', value: 'false' },
    ]);
  });

  it('hands nothing from the event into the text of a script', () => {
    for (const task of objectsIn(pipelineFolder).filter(object => object.kind === 'Task')) {
      for (const step of (task['spec'] as { steps: { script: string }[] }).steps) {
        expect(step.script, task.metadata.name).not.to.match(/\$\((params|tasks)/);
      }
    }
  });
});
