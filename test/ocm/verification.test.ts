import { expect } from 'chai';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  openComponentRepository,
  openReference,
  parseDescriptor,
  serialiseDescriptor,
  verifyComponentVersion,
  type VerifyOptions,
} from '../../ocm';
import { readText, referenceCli } from './support';

const publicKey = readText(referenceCli, 'acme.pub');
const trusted: VerifyOptions = { signatures: ['acme'], keys: [{ publicKey }] };
const platform = 'example.com/acme/platform';
const backend = 'example.com/acme/backend';

describe('ocm: what the reference command line wrote', () => {
  for (const archive of ['signed-by-value', 'signed-by-value.tgz']) {
    it(`verifies ${archive}, reading every resource of the tree`, async () => {
      const repository = await openComponentRepository(path.join(referenceCli, archive));
      try {
        expect(await repository.listComponents?.()).to.deep.equal([backend, platform]);
        expect(await repository.listVersions(backend)).to.deep.equal(['1.0.0+build.7']);
        const verified = await verifyComponentVersion(repository, platform, '2.1.0', trusted);
        expect(verified.signatures[0]?.digest).to.equal(
          '3c82418322e40a137706fe9909a10c88da89fa53e21e3b2c53cae1270a2e3711',
        );
        expect(verified.resources.map(each => `${each.resource} ${each.checked}`).sort()).to.deep.equal([
          'config content',
          'manifests content',
          'notes content',
          'variant,arch=amd64 content',
          'variant,arch=arm64 content',
          'web-image content',
          'web-image-index content',
        ]);
        expect(verified.components).to.have.members([`${platform}:2.1.0`, `${backend}:1.0.0+build.7`]);
      } finally {
        await repository.close();
      }
    });
  }

  it('verifies PKCS #1 and PSS signatures, and signatures over v1, v2 and v3', async () => {
    for (const folder of ['signed-v1', 'signed-v2', 'signed-v3', 'signed-pss']) {
      const file = path.join(referenceCli, folder, 'platform.yaml');
      const parsed = parseDescriptor(readFileSync(file), file);
      const temporary = mkdtempSync(path.join(tmpdir(), 'airlock-test-'));
      try {
        cpSync(path.join(referenceCli, 'signed-by-value'), temporary, { recursive: true });
        const repository = await openComponentRepository(temporary);
        const unsigned = await repository.open(platform, '2.1.0');
        await repository.replaceDescriptor(unsigned, parsed);
        const verified = await verifyComponentVersion(repository, platform, '2.1.0', trusted);
        expect(verified.signatures.map(each => each.name)).to.deep.equal(['acme']);
      } finally {
        rmSync(temporary, { recursive: true });
      }
    }
  });

  it('writes descriptors byte for byte as the reference command line does', async () => {
    const { repository } = await openReference(path.join(referenceCli, 'signed-by-value'));
    for (const [component, version] of [
      [backend, '1.0.0+build.7'],
      [platform, '2.1.0'],
    ] as const) {
      const { bytes, descriptor } = await repository.open(component, version);
      expect(Buffer.from(serialiseDescriptor(descriptor)).toString()).to.equal(Buffer.from(bytes).toString());
    }
  });
});
