import { expect } from 'chai';
import { keyText, trustedKeys } from '../../cli/component/keys';
import { generateRsaKey, type RsaKeyPair } from '../../ocm';
import { hasCode } from '../../report';
import { controlPlanePrograms, startControlPlane, type RunningControlPlane } from '../support/control-plane';

describe('keys from secrets of a real control plane', function () {
  this.timeout(180_000);
  let plane: RunningControlPlane | undefined;
  let keys: RsaKeyPair;
  const kubeconfig = process.env.KUBECONFIG;

  before(async function () {
    const programs = await controlPlanePrograms();
    if (programs === undefined) {
      console.log('      skipped: no etcd, kube-apiserver and kube-controller-manager in the cache');
      return this.skip();
    }
    plane = await startControlPlane(programs);
    process.env.KUBECONFIG = plane.kubeconfig;
    keys = await generateRsaKey(2048);
    const secret = (name: string, data: Readonly<Record<string, string>>) =>
      plane?.cluster.apply({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name, namespace: 'default' },
        data: Object.fromEntries(
          Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
        ),
      });
    await secret('pair', { 'private.pem': keys.privateKey, 'public.pem': keys.publicKey });
    await secret('vendor', { acme: keys.publicKey });
  });
  after(async () => {
    if (kubeconfig === undefined) delete process.env.KUBECONFIG;
    else process.env.KUBECONFIG = kubeconfig;
    await plane?.stop();
  });

  const refused = async (source: string): Promise<string> => {
    try {
      await keyText(source);
    } catch (error) {
      expect(hasCode(error, 'ocm.key-not-found') || hasCode(error, 'cluster.'), String(error)).to.equal(true);
      return `${String(error)} ${(error as { remedy?: string }).remedy ?? ''}`;
    }
    return expect.fail(`${source} was accepted`);
  };

  it('are read by entry, or as the only one', async () => {
    expect(await keyText('k8s:default/pair/private.pem')).to.equal(keys.privateKey);
    expect(await keyText('k8s:default/vendor')).to.equal(keys.publicKey);
    expect(await trustedKeys(['acme=k8s:default/pair/public.pem', 'k8s:default/vendor'])).to.deep.equal([
      { signature: 'acme', publicKey: keys.publicKey },
      { publicKey: keys.publicKey },
    ]);
  });

  it('are told by name where they are not there, and their text never is', async () => {
    expect(await refused('k8s:default/pair')).to.match(/has 2 entries.*private\.pem, public\.pem/);
    expect(await refused('k8s:default/pair/nothing')).to.match(/has no entry nothing/);
    expect(await refused('k8s:default/pair/constructor')).to.match(/has no entry constructor/);
    expect(await refused('k8s:default/nowhere')).to.match(/nowhere/);
    expect(await refused('k8s:default')).to.match(/names no secret/);
    expect(await refused('k8s:default/pair')).not.to.contain('BEGIN');
  });
});
