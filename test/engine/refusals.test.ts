import { expect } from 'chai';
import { Scene } from './scene';

describe('engine: what it does not do, it refuses', function () {
  this.timeout(180_000);
  let scene: Scene;
  beforeEach(() => (scene = new Scene('dev', 'functions')));
  afterEach(() => scene.close());

  const refusedBy = async (which: string): Promise<string> => {
    const stack = await scene.stack({ env: { ...scene.env, CASE: which } });
    const failed = await scene.failing(stack.up({ onEvent: event => scene.events.push(event) }));
    return [failed.message, ...scene.errors].join('\n');
  };

  it('environment variables of a provider under other names', async () => {
    expect(await refusedBy('mapped')).to.include('does not have envVarMappings (resource mapped)');
    expect(scene.deployment().resources?.map(({ type }) => type)).to.deep.equal(['pulumi:pulumi:Stack']);
  });

  it('methods of components', async () => {
    expect(await refusedBy('method')).to.include('the embedded engine does not have component methods');
  });
});
