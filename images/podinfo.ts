import { link, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureBinary, podinfoUi, podinfoVersions, type BinaryName } from './binaries';
import { contentKey, ensureFolder } from './cache';
import type { BuildOptions } from './golang';

/** A folder with the example's programs as the release-runner image has them: `<version>/podinfo`, `<version>/ui/`. */
export async function podinfoFolder(options: BuildOptions = {}): Promise<string> {
  const parts = await Promise.all(
    podinfoVersions().map(async version => ({
      version,
      program: await ensureBinary(`podinfo-${version}` as BinaryName, options),
      ui: await podinfoUi(version, options),
    })),
  );
  return ensureFolder(join('share', `podinfo-programs-${contentKey(parts)}`), async folder => {
    for (const { version, program, ui } of parts) {
      await mkdir(join(folder, version), { recursive: true });
      await link(program, join(folder, version, 'podinfo'));
      await symlink(join(ui, 'ui'), join(folder, version, 'ui'));
    }
  });
}
