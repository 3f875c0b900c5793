import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { AirlockError } from '../report';
import type { FileSet } from './file-set';
import type { ProductResource } from './source';
import { readTar } from './tar';

/** Media type of a packed chart in the OCI artifact that Helm pushes. */
const chartLayer = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';
const maxChart = 64 * 1024 * 1024;

/** The folder of a chart, `''` or `name/`; undefined where there is none, or several. */
export function chartRoot(files: FileSet): string | undefined {
  if (files.has('Chart.yaml')) return '';
  const roots = [...files.keys()].filter(path => /^[^/]+\/Chart\.yaml$/.test(path));
  const [root] = roots;
  return root !== undefined && roots.length === 1 ? root.slice(0, -'Chart.yaml'.length) : undefined;
}

interface Manifest {
  readonly layers?: readonly { readonly mediaType?: string; readonly digest?: string }[];
}

/** The files of the chart in an OCI artifact that was unpacked; undefined for anything else. Digests are checked all the way. */
export async function chartOfArtifact(
  files: FileSet,
  expected: ProductResource['digest'],
  where: string,
): Promise<FileSet | undefined> {
  const blobs = [...files.keys()].filter(path => path.startsWith('blobs/'));
  if (
    blobs.length === 0 ||
    ![...files.keys()].some(path => /^(index|artifact-descriptor|artifact-set-descriptor)\.json$/.test(path))
  )
    return undefined;
  const read = (digest: string): Buffer => {
    const bytes = files.get(`blobs/${digest.replace(':', '/')}`) ?? files.get(`blobs/${digest.replace(':', '.')}`);
    if (bytes && `sha256:${createHash('sha256').update(bytes).digest('hex')}` === digest) return Buffer.from(bytes);
    throw new AirlockError({
      code: 'product.chart-invalid',
      message: `The chart's artifact does not hold ${digest}`,
      remedy: 'Replicate the component again; do not deploy it',
      where,
    });
  };
  const known = expected?.normalisationAlgorithm.startsWith('ociArtifactDigest')
    ? `sha256:${expected.value}`
    : undefined;
  const digests = known === undefined ? blobs.map(each => each.slice('blobs/'.length).replace(/[./]/, ':')) : [known];
  for (const digest of digests) {
    const layer = chartIn(read(digest))?.digest;
    if (layer !== undefined) return readTar(gunzipSync(read(layer), { maxOutputLength: maxChart }), where);
  }
  return undefined;
}

function chartIn(bytes: Buffer): { readonly digest?: string } | undefined {
  if (bytes.length > 1024 * 1024 || bytes[0] !== 0x7b) return undefined;
  try {
    return (JSON.parse(bytes.toString('utf8')) as Manifest).layers?.find(each => each.mediaType === chartLayer);
  } catch {
    return undefined;
  }
}
