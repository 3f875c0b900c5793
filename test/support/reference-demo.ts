import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { run } from '../../images';
import { ImageLayout } from '../../oci';
import { pushImage } from './artifacts';
import { programs } from './programs';

const demo = resolve(__dirname, '..', '..', '..', 'shared', 'vectors', 'mpas-demo');

/** The reference demo's files are data beside the checkout. */
export const hasReferenceDemo = existsSync(demo);
export const withoutReferenceDemo = '      skipped: ../shared/vectors/mpas-demo is not beside the checkout';

/** Folders of the demo with a component each. */
export const referenceComponents = {
  main: join('component-repo-src', 'main-branch'),
  'new-release': join('component-repo-src', 'new-release-branch'),
  'new-config': join('component-repo-src', 'new-config-branch'),
  'weave-gitops': 'weave-gitops',
} as const;

/** Where the demo's hosts are here. */
export interface ReferenceHosts {
  readonly vendor: string;
  readonly consumer: string;
}

const mapped = (text: string, { vendor, consumer }: ReferenceHosts): string =>
  text.replaceAll('gitea.ocm.dev/software-provider', vendor).replaceAll('gitea.ocm.dev/software-consumer', consumer);

/** A file of the demo with the hosts of here. */
export async function referenceFile(path: string, hosts: ReferenceHosts): Promise<string> {
  return mapped(await readFile(join(demo, path), 'utf8'), hosts);
}

/**
 * Copies a component's folder and adds what its repository has besides: packed charts and the image of a container engine, under
 * their names. Returns the constructor file, in which nothing but hosts is changed.
 */
export async function referenceComponent(
  which: keyof typeof referenceComponents,
  folder: string,
  hosts: ReferenceHosts,
): Promise<string> {
  const target = join(folder, which);
  await cp(join(demo, referenceComponents[which]), target, { recursive: true });
  const file = join(target, 'componentfile.yaml');
  const text = mapped(await readFile(file, 'utf8'), hosts);
  await writeFile(file, text);
  for (const [, path = '', name = '', version = ''] of text.matchAll(/path: (\S*?([a-z-]+)-([0-9.]+)\.tgz)/g))
    await packChart(name, version, join(target, path), join(folder, `${which}-chart`, name));
  const [, image = '', tag = ''] = /type: docker\s+path: (\S+):(\S+)/.exec(text) ?? [];
  if (image !== '') await pushImage(await ImageLayout.create(join(target, image)), tag);
  return file;
}

/** A chart of this name and version, packed by the real Helm. */
async function packChart(name: string, version: string, file: string, source: string): Promise<void> {
  await mkdir(source, { recursive: true });
  await mkdir(dirname(file), { recursive: true });
  await writeFile(join(source, 'Chart.yaml'), `apiVersion: v2\nname: ${name}\nversion: ${version}\n`);
  await run(await programs.helm(), ['package', source, '--destination', dirname(file)]);
}
