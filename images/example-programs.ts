import { link, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type BinaryName, ensureBinary, podinfoUi, podinfoVersions } from './binaries';
import { contentKey, ensureFolder } from './cache';
import type { BuildOptions } from './golang';

/** The programs that releases of examples/orders put into images: the broker, and the two services. */
export const ordersPrograms = ['nats-server', 'shop', 'fulfilment'] as const satisfies readonly BinaryName[];

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

/** A folder with the programs of examples/orders, as the release-runner image has them. */
export async function ordersFolder(options: BuildOptions = {}): Promise<string> {
  const files: { name: string; program: string }[] = [];
  for (const name of ordersPrograms) files.push({ name, program: await ensureBinary(name, options) });
  return ensureFolder(join('share', `orders-programs-${contentKey(files)}`), async folder => {
    for (const { name, program } of files) await link(program, join(folder, name));
  });
}
