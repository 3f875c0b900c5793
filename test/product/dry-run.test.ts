import { expect } from 'chai';
import { dryRun, type Target } from '../../product';
import { AirlockError } from '../../report';
import { controlPlanePrograms, startControlPlane, type RunningControlPlane } from '../support/control-plane';

const manifests = new Map([
  [
    'good.yaml',
    Buffer.from(
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a}\n',
    ),
  ],
  [
    'bad.yaml',
    Buffer.from(
      '# ports are numbers\napiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 100000}]}\n',
    ),
  ],
  ['later.yaml', Buffer.from('apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: a}\n')],
]);
const target: Target = { name: 'here', labels: {}, type: 'kubernetes', targetNamespace: 'default' };

describe('a dry run on the target', () => {
  it('that does not answer is a warning, told once', async () => {
    const away = {
      apply: () => Promise.reject(new AirlockError({ code: 'cluster.unreachable', message: 'nobody answers' })),
    };
    expect(await dryRun('web', manifests, target, away)).to.deep.equal({
      faults: [],
      warnings: ['Target here: nobody answers'],
    });
  });

  describe('on a real apiserver', function () {
    this.timeout(120_000);
    let plane: RunningControlPlane | undefined;
    before(async function () {
      const programs = process.env.AIRLOCK_TEST_FULL === '1' ? await controlPlanePrograms() : undefined;
      if (!programs) this.skip();
      plane = await startControlPlane(programs);
    });
    after(() => plane?.stop());

    it('tells what would be refused, with file and line, and what the cluster does not know yet', async () => {
      if (!plane) return;
      const { faults, warnings } = await dryRun('web', manifests, target, plane.cluster);
      expect(faults.map(each => [each.path, each.where])).to.deep.equal([['Service a', 'web/bad.yaml:2']]);
      expect(faults[0]?.message).to.match(/spec\.ports\[0\]\.port/);
      expect(warnings).to.have.length(1);
      expect(warnings[0]).to.match(/Thing/);
    });
  });
});
