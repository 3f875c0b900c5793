import { expect } from 'chai';
import { diffSettings, protectSettings, readSettings } from '../../../engine/kubernetes/settings';
import { Secret, Unknown } from '../../../engine/values';

function kubeconfig(server: string, ca: string, token: string): string {
  return JSON.stringify({
    'current-context': 'x',
    contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
    clusters: [{ name: 'x', cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name: 'x', user: { token } }],
  });
}

describe('Kubernetes provider settings', () => {
  it('are decoded from JSON text', () => {
    const settings = readSettings({
      kubeconfig: new Secret('text'),
      enableConfigMapMutable: 'true',
      deleteUnreachable: 'false',
      namespace: 'shop',
    });
    expect(settings).to.include({
      kubeconfig: 'text',
      configMapMutable: true,
      deleteUnreachable: false,
      namespace: 'shop',
      unknown: false,
    });
  });

  it('keep the kubeconfig secret', () => {
    expect(protectSettings({ kubeconfig: 'text' })['kubeconfig']).to.be.instanceOf(Secret);
  });

  it('say that the cluster is not made yet', () => {
    expect(readSettings({ kubeconfig: new Secret(Unknown.instance) })).to.include({
      unknown: true,
      kubeconfig: undefined,
    });
  });

  it('replace everything for another cluster, and nothing for another token', async () => {
    const old = { kubeconfig: new Secret(kubeconfig('https://127.0.0.1:6443', 'one', 'a')) };
    const change = async (text: string): Promise<unknown> => (await diffSettings(old, { kubeconfig: text })).replaces;
    expect(await change(kubeconfig('https://127.0.0.1:6443', 'one', 'b'))).to.deep.equal([]);
    expect(await change(kubeconfig('https://127.0.0.1:6443', 'two', 'a'))).to.deep.equal(['kubeconfig']);
    expect(await change(kubeconfig('https://127.0.0.1:7443', 'one', 'a'))).to.deep.equal(['kubeconfig']);
    expect((await diffSettings(old, { kubeconfig: Unknown.instance })).replaces).to.deep.equal([]);
    expect((await diffSettings(old, old)).changes).to.equal('none');
  });
});
