import { AirlockError } from '../report';
import { chartRoot, chartOfArtifact } from './chart-files';
import type { Pipeline } from './description';
import type { FileSet } from './file-set';
import { hasKustomization } from './kustomize';
import { selectorOf } from './product';
import { placeOf, type ResourceReader } from './source';
import { isTar, readTar } from './tar';

/** What a pipeline deploys, as the vendor ships it. */
export interface PipelineSource {
  /** `manifests` are applied as they are; a `kustomization` and a `chart` are built first, by the real programs. */
  readonly kind: 'manifests' | 'kustomization' | 'chart';
  /** By path; those of a chart from its own folder on (`Chart.yaml`, `values.yaml`, `templates/...`). */
  readonly files: FileSet;
  /** The chart's folder in the resource, which rules may write in front of a path. */
  readonly folder: string;
  /** `component:version resource name`. */
  readonly where: string;
}

/**
 * Reads a pipeline's source: an archive of manifests, with a `kustomization.yaml` or without; a Helm chart as an archive or as the
 * OCI artifact that Helm pushes. Throws `product.source-not-supported` and the errors of archives.
 */
export async function readPipelineSource(reader: ResourceReader, pipeline: Pipeline): Promise<PipelineSource> {
  const { name } = pipeline.source;
  const selector = selectorOf(pipeline.source);
  const where = placeOf(reader, name, selector);
  const resource = await reader.find(name, selector);
  const bytes = await reader.read(name, selector);
  if (!isTar(bytes)) {
    throw new AirlockError({
      code: 'product.source-not-supported',
      message: `The source of pipeline ${pipeline.name} is a resource of type ${resource.type} that is neither a folder of manifests nor a Helm chart`,
      remedy: 'Ship a folder (input type dir), or a chart as Helm packs it.',
      where,
    });
  }
  const outer = await readTar(bytes, where);
  const files = (await chartOfArtifact(outer, resource.digest, where)) ?? outer;
  const folder = chartRoot(files);
  if (folder === undefined) {
    return { kind: hasKustomization(files) ? 'kustomization' : 'manifests', files, folder: '', where };
  }
  const own = [...files].filter(([path]) => path.startsWith(folder));
  return {
    kind: 'chart',
    files: new Map(own.map(([path, content]) => [path.slice(folder.length), content])),
    folder,
    where,
  };
}
