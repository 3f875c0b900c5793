import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { doctor } from '../../host';
import { removeStalePidFile } from '../../host/engine';
import { hostsToml, kindConfig } from '../../host/kind-config';
import { CAP_SYS_RESOURCE, hasCapability, parseBoundingSet } from '../../host/proc';
import { configureRuntime, withRuntime } from '../../host/wrapper';
import { hasCode } from '../../report';

describe('host: the runtime wrapper', () => {
  it('is known to be needed from the capability bounding set', () => {
    const without = parseBoundingSet('CapEff:\t000001fffeffffff\nCapBnd:\t000001fffeffffff\nCapAmb:\t0\n');
    expect(hasCapability(without ?? 0n, CAP_SYS_RESOURCE)).to.equal(false);
    expect(hasCapability(parseBoundingSet('CapBnd:\t000001ffffffffff\n') ?? 0n, CAP_SYS_RESOURCE)).to.equal(true);
    expect(parseBoundingSet('nothing')).to.equal(undefined);
  });

  it('is added to the engine’s configuration, and all else there is kept', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'airlock-daemon-'));
    const file = join(folder, 'docker', 'daemon.json');
    expect(await configureRuntime(file)).to.equal(true);
    expect(await configureRuntime(file)).to.equal(false);
    await writeFile(file, '{"data-root": "/srv", "runtimes": {"nvidia": {"path": "n"}}}');
    expect(await configureRuntime(file)).to.equal(true);
    const config = JSON.parse(await readFile(file, 'utf8')) as Record<string, object>;
    expect(config).to.include({ 'data-root': '/srv', 'default-runtime': 'airlock-runc' });
    expect(config['runtimes']).to.have.all.keys('nvidia', 'airlock-runc');
    await rm(folder, { recursive: true });
  });

  it('does not overwrite a configuration that cannot be read', () => {
    let error: unknown;
    try {
      withRuntime('{"a": ', '/etc/docker/daemon.json');
    } catch (thrown) {
      error = thrown;
    }
    expect(hasCode(error, 'host.daemon-config-invalid')).to.equal(true);
  });
});

describe('host: pid files', () => {
  it('are removed when their process is gone or another, and kept while it lives', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'airlock-pid-'));
    const file = join(folder, 'x.pid');
    const own = (await readFile(`/proc/${process.pid}/comm`, 'utf8').catch(() => '')).trim();
    await writeFile(file, String(process.pid));
    await removeStalePidFile(file, own || 'none');
    expect(existsSync(file)).to.equal(own !== '');
    await writeFile(file, String(process.pid));
    await removeStalePidFile(file, 'dockerd');
    expect(existsSync(file)).to.equal(false);
    await removeStalePidFile(file, 'dockerd');
    await rm(folder, { recursive: true });
  });
});

interface KindConfig {
  networking: object;
  nodes: { image: string; extraPortMappings: object[] }[];
  containerdConfigPatches: string[];
  kubeadmConfigPatches: string[];
}

describe('host: the configuration of kind', () => {
  const spec = { name: 'airlock', apiServerPort: 16443, ingressPort: 8080, nodeImage: 'node:1', registries: [] };
  const config = (circumstances: Parameters<typeof kindConfig>[1]) =>
    parse(kindConfig(spec, circumstances)) as KindConfig;

  it('keeps everything on loopback', () => {
    const made = config({ bundledCni: true, cgroupV1: true, withoutSysResource: true });
    expect(made.networking).to.deep.equal({
      apiServerAddress: '127.0.0.1',
      apiServerPort: 16443,
      disableDefaultCNI: true,
    });
    expect(made.nodes[0]?.extraPortMappings).to.deep.equal([
      { containerPort: 30080, hostPort: 8080, listenAddress: '127.0.0.1', protocol: 'TCP' },
    ]);
  });

  it('asks for no more than the machine needs', () => {
    const plain = config({ bundledCni: false, cgroupV1: false, withoutSysResource: false });
    expect(JSON.stringify(plain)).not.to.contain('restrict_oom_score_adj').and.not.to.contain('skipPhases');
    const poor = config({ bundledCni: true, cgroupV1: true, withoutSysResource: true });
    expect(poor.containerdConfigPatches.join()).to.contain('restrict_oom_score_adj = true').and.to.contain('certs.d');
    for (const patch of poor.kubeadmConfigPatches) expect(parseAllDocuments(patch)).to.have.length(1);
    expect(poor.kubeadmConfigPatches.join()).to.contain('preflight');
  });

  it('leads a registry’s name to its NodePort', () => {
    expect(hostsToml({ host: 'r.localhost:8080', nodePort: 30501 })).to.contain('[host."http://127.0.0.1:30501"]');
  });
});

describe('host: doctor', () => {
  it('looks at everything, says why, and what is to be done where something is missing', async () => {
    const results = await doctor();
    expect(results.map(result => result.name)).to.include.members([
      'Container engine',
      'Runtime wrapper',
      'Node.js',
      'Go',
      'Disk',
      'Ports',
    ]);
    for (const result of results) {
      expect(result.finding, result.name).not.to.equal('');
      expect(result.why, result.name).not.to.equal('');
      if (result.status !== 'ok') expect(result.action, result.name).not.to.equal('');
    }
  });
});
