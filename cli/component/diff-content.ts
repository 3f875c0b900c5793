import type {
  ComponentVersionAccess,
  DescriptorComparison,
  ElementChange,
  OpenedArtifact,
  OpenedContent,
  Resource,
} from '../../ocm';
import { AirlockError, describeError } from '../../report';
import { readForDiff, textChanges, type ReadContent, type TextChange } from './diff-files';
import { chartOf } from './download-forms';
import { imageChanges, type ImageChange } from './diff-images';

/** What differs inside a resource. */
export interface ContentChange {
  readonly texts?: readonly TextChange[];
  readonly images?: readonly ImageChange[];
  /** Why nothing is told of the content. */
  readonly note?: string;
}

/** A comparison, with what differs inside the resources. */
export interface Comparison extends Omit<DescriptorComparison, 'resources'> {
  readonly resources: readonly (ElementChange<Resource> & { readonly content?: ContentChange })[];
}

/** Both sides of a changed resource, read within bounds. What cannot be read is a note: the digests tell that it differs. */
export async function contentChange(
  change: ElementChange<Resource>,
  before: ComponentVersionAccess,
  after: ComponentVersionAccess,
  options: { readonly lines: number; readonly signal: AbortSignal },
): Promise<ContentChange | undefined> {
  if (change.before === undefined || change.after === undefined) return undefined;
  if (!change.fields.some(({ field }) => field === 'digest' || field === 'access')) return undefined;
  const { signal, lines } = options;
  const closing: (() => Promise<void>)[] = [];
  const side = async (access: ComponentVersionAccess, resource: Resource): Promise<Side> => {
    const opened = await access.openAccess(resource.access, { signal });
    const artifact = await opened.artifact?.({ signal });
    if (artifact === undefined) return { opened };
    closing.push(() => artifact.close());
    return { opened, artifact };
  };
  try {
    const old = await side(before, change.before);
    const now = await side(after, change.after);
    const name = change.after.name;
    const [oldText, newText] = [await readable(old, name, signal), await readable(now, name, signal)];
    if (oldText !== undefined && newText !== undefined) {
      const texts = textChanges(oldText, newText, name, lines);
      return texts.length === 0 ? { note: 'the content is no text' } : { texts };
    }
    if (old.artifact !== undefined && now.artifact !== undefined)
      return { images: await imageChanges(old.artifact, now.artifact, signal) };
    return { note: 'one is an OCI artifact, the other is not' };
  } catch (error) {
    if (signal.aborted || !(error instanceof AirlockError)) throw error;
    return { note: `the content was not compared: ${describeError(error)}` };
  } finally {
    for (const close of closing) await close();
  }
}

interface Side {
  readonly opened: OpenedContent;
  readonly artifact?: OpenedArtifact;
}

/** The content as text or files: blobs, and charts that Helm pushed; undefined for images. */
async function readable(
  { opened, artifact }: Side,
  name: string,
  signal: AbortSignal,
): Promise<ReadContent | undefined> {
  if (artifact === undefined) return readForDiff(() => opened.stream({ signal }), opened.mediaType, name);
  const chart = await chartOf(artifact, { signal });
  return chart === undefined
    ? undefined
    : readForDiff(() => artifact.content.fetch(chart, { signal }), chart.mediaType, name);
}
