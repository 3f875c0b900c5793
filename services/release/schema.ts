/**
 * What the runner takes of each kind, as JSON schema. Strict on purpose: a field that the runner would silently ignore, such as a
 * sidecar or a matrix, is refused when the pipeline is loaded, and not noticed when a release came out differently than under Tekton.
 */

const text = { type: 'string' } as const;
const name = { type: 'string', minLength: 1, maxLength: 253 } as const;
const strings = { type: 'array', items: text } as const;
/** Taken, and without meaning for processes. */
const anything = {};

function object(required: readonly string[], properties: Record<string, unknown>): object {
  return { type: 'object', required, properties, additionalProperties: false };
}

function list(items: object, minItems = 0): object {
  return { type: 'array', items, minItems };
}

const metadata = { type: 'object', required: ['name'], properties: { name } };
const value = { anyOf: [text, strings] };
const parameters = list(
  object(['name'], { name, type: { enum: ['string', 'array'] }, description: text, default: value }),
);
const values = list(object(['name', 'value'], { name, value }));
const keyReference = object(['name', 'key'], { name, key: name, optional: { type: 'boolean' } });
const environment = list(
  object(['name'], {
    name,
    value: text,
    valueFrom: object([], { secretKeyRef: keyReference, configMapKeyRef: keyReference }),
  }),
);
const step = {
  ...object([], {
    name,
    displayName: text,
    image: name,
    imagePullPolicy: text,
    script: text,
    command: strings,
    args: strings,
    env: environment,
    workingDir: text,
    timeout: text,
    onError: { enum: ['continue', 'stopAndFail'] },
    computeResources: anything,
    securityContext: anything,
  }),
  oneOf: [{ required: ['script'] }, { required: ['command'] }],
};
const workspaces = list(
  object(['name'], { name, description: text, optional: { type: 'boolean' }, readOnly: { type: 'boolean' } }),
);
const pipelineTask = object(['name', 'taskRef'], {
  name,
  displayName: text,
  description: text,
  taskRef: object(['name'], { name, kind: { const: 'Task' } }),
  runAfter: list(name),
  params: values,
  workspaces: list(object(['name'], { name, workspace: name, subPath: text })),
  when: list(
    object(['input', 'operator', 'values'], { input: text, operator: { enum: ['in', 'notin'] }, values: strings }),
  ),
  timeout: text,
  retries: { type: 'integer', minimum: 0, maximum: 10 },
});
const items = list(object(['key', 'path'], { key: name, path: name }));

const pipelineRun = object(['apiVersion', 'kind', 'spec'], {
  apiVersion: { const: 'tekton.dev/v1' },
  kind: { const: 'PipelineRun' },
  metadata: { type: 'object' },
  spec: object(['pipelineRef'], {
    pipelineRef: object(['name'], { name }),
    params: values,
    taskRunTemplate: anything,
    timeouts: object([], { pipeline: text, tasks: text, finally: text }),
    workspaces: list(
      object(['name'], {
        name,
        emptyDir: { type: 'object' },
        volumeClaimTemplate: { type: 'object' },
        secret: object(['secretName'], {
          secretName: name,
          items,
          optional: { type: 'boolean' },
          defaultMode: { type: 'integer' },
        }),
        configMap: object(['name'], { name, items, optional: { type: 'boolean' }, defaultMode: { type: 'integer' } }),
      }),
    ),
  }),
});

function manifest(apiVersion: string, kind: string, spec: object): object {
  return object(['apiVersion', 'kind', 'metadata', 'spec'], {
    apiVersion: { const: apiVersion },
    kind: { const: kind },
    metadata,
    spec,
  });
}

export const schemas: Readonly<Record<string, object>> = {
  Task: manifest(
    'tekton.dev/v1',
    'Task',
    object(['steps'], {
      description: text,
      displayName: text,
      params: parameters,
      results: list(object(['name'], { name, description: text, type: { const: 'string' } })),
      workspaces,
      stepTemplate: object([], {
        env: environment,
        workingDir: text,
        image: name,
        securityContext: anything,
        computeResources: anything,
        imagePullPolicy: text,
      }),
      steps: list(step, 1),
    }),
  ),
  Pipeline: manifest(
    'tekton.dev/v1',
    'Pipeline',
    object(['tasks'], {
      description: text,
      displayName: text,
      params: parameters,
      workspaces,
      tasks: list(pipelineTask, 1),
      finally: list(pipelineTask),
    }),
  ),
  EventListener: manifest(
    'triggers.tekton.dev/v1beta1',
    'EventListener',
    object(['triggers'], {
      serviceAccountName: name,
      resources: anything,
      triggers: list(
        object(['name', 'bindings', 'template'], {
          name,
          interceptors: list(
            object(['ref'], {
              name,
              ref: object(['name'], { name: { enum: ['github', 'cel'] }, kind: { const: 'ClusterInterceptor' } }),
              params: list(object(['name', 'value'], { name, value: anything })),
            }),
          ),
          bindings: list(object(['ref'], { ref: name, kind: { const: 'TriggerBinding' } })),
          template: object(['ref'], { ref: name }),
        }),
        1,
      ),
    }),
  ),
  TriggerBinding: manifest(
    'triggers.tekton.dev/v1beta1',
    'TriggerBinding',
    object(['params'], { params: list(object(['name', 'value'], { name, value: text })) }),
  ),
  TriggerTemplate: manifest(
    'triggers.tekton.dev/v1beta1',
    'TriggerTemplate',
    object(['resourcetemplates'], {
      params: list(object(['name'], { name, description: text, default: text })),
      resourcetemplates: { type: 'array', items: pipelineRun, minItems: 1, maxItems: 1 },
    }),
  ),
};
