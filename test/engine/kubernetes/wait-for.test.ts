import { expect } from 'chai';
import type { KubernetesObject } from '../../../cluster';
import { parseWaitFor } from '../../../engine/kubernetes/wait-for';
import { hasCode } from '../../../report';

const object: KubernetesObject = {
  apiVersion: 'example.org/v1',
  kind: 'Thing',
  metadata: { name: 'a', generation: 2, labels: { 'app.kubernetes.io/name': 'x' } },
  status: {
    phase: 'Running',
    replicas: 2,
    conditions: [
      { type: 'Ready', status: 'True', observedGeneration: 2 },
      { type: 'Healthy', status: 'True', observedGeneration: 1 },
      { type: 'Busy', status: 'False', message: 'idle' },
    ],
  },
};

const states: Readonly<Record<string, string>> = {
  'jsonpath={.status.phase}=Running': 'ready',
  'jsonpath={.status.phase}=Done': 'progressing',
  'jsonpath={.status.phase}': 'ready',
  'jsonpath={.status.url}': 'progressing',
  'jsonpath={.status.replicas}=2': 'ready',
  'jsonpath={.status.conditions[?(@.type=="Ready")].status}=True': 'ready',
  'jsonpath={.status.conditions[*].status}=False': 'ready',
  'jsonpath={.status.conditions[2].message}=idle': 'ready',
  'jsonpath={.metadata.labels.app\\.kubernetes\\.io/name}=x': 'ready',
  'condition=Ready': 'ready',
  'condition=Healthy': 'progressing',
  'condition=Busy=False': 'ready',
  'condition=Missing': 'progressing',
  '["condition=Ready","jsonpath={.status.phase}=Running"]': 'ready',
  '["condition=Ready","condition=Busy"]': 'progressing',
};

describe('pulumi.com/waitFor', () => {
  for (const [text, state] of Object.entries(states)) {
    it(`${text} is ${state}`, () => expect(parseWaitFor(text)(object).state).to.equal(state));
  }

  it('says what it waits for', () => {
    expect(parseWaitFor('condition=Busy')(object).reason).to.equal('condition Busy is False: idle');
    expect(parseWaitFor('jsonpath={.status.phase}=Done')(object).reason).to.equal(
      '{.status.phase} is Running, not Done',
    );
  });

  for (const text of ['phase=Running', '[]', '[1', 'jsonpath={.a[}=b', '']) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parseWaitFor(text)(object))
        .to.throw()
        .that.satisfies((error: unknown) => hasCode(error, 'engine.'));
    });
  }
});
