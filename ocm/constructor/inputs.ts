import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { AirlockError } from '../../report';
import { openGit, openUrl, spool } from '../access';
import { writeTar } from '../archive';
import { chartInput } from './chart-input';
import { directoryEntries, type DirectoryInput } from './directory';
import { imageInput } from './image-input';
import { existing, text, type BuiltInput, type Input, type InputContext } from './input';
import { inputType } from './input-checks';
import { multiImageInput } from './multi-image-input';
import { base64, utf8Text } from './text-input';

export type { BuiltInput, InputContext } from './input';

const octets = 'application/octet-stream';

/** Reads an input and spools it. Throws `ocm.invalid-input`, `ocm.input-not-found`. Remove the blob after use. */
export async function buildInput(input: Input, context: InputContext): Promise<BuiltInput> {
  const type = inputType(input.type);
  switch (type) {
    case 'ociArtifact':
    case 'ociImage':
    case 'docker':
      return imageInput(input, context);
    case 'dockermulti':
      return multiImageInput(input, context);
    case 'helm':
      return chartInput(input, context);
  }
  const { stream, mediaType } = await plainInput(type, input, context);
  const compress = input.compress === true;
  const content = compress ? pipeline(stream, createGzip(), () => undefined) : stream;
  return spool(content, text(input, 'mediaType') || (compress ? compressedType(mediaType) : mediaType), context.signal);
}

function compressedType(mediaType: string): string {
  return mediaType === 'application/x-tar' ? 'application/x-tgz' : 'application/gzip';
}

async function plainInput(
  type: string,
  input: Input,
  context: InputContext,
): Promise<{ stream: Readable; mediaType: string }> {
  switch (type) {
    case 'file': {
      const file = await existing(text(input, 'path'), context, 'file');
      return { stream: createReadStream(file), mediaType: octets };
    }
    case 'dir': {
      const folder = await existing(text(input, 'path'), context, 'directory');
      const entries = await directoryEntries(folder, input as DirectoryInput);
      return { stream: writeTar(entries), mediaType: 'application/x-tar' };
    }
    case 'utf8':
      return { stream: streamOf(Buffer.from(utf8Text(input, context), 'utf8')), mediaType: octets };
    case 'binary':
      return { stream: streamOf(base64(text(input, 'data'), context)), mediaType: octets };
    case 'wget': {
      const { body, ...access } = input;
      // In an input the body is text, in an access it is base64.
      const encoded = { ...access, body: typeof body === 'string' ? Buffer.from(body).toString('base64') : '' };
      const opened = openUrl(encoded, context.registries, context.element);
      return { stream: await opened.stream(context), mediaType: opened.mediaType };
    }
    case 'git': {
      const [repository, ref, commit] = ['repository', 'ref', 'commit'].map(field => text(input, field));
      const reference = {
        repository: repository ?? '',
        ...(ref === '' || ref === undefined ? {} : { ref }),
        ...(commit === '' || commit === undefined ? {} : { commit }),
      };
      const opened = openGit(reference, context.registries, context.element);
      return { stream: await opened.stream(context), mediaType: opened.mediaType };
    }
    default:
      throw new AirlockError({
        code: 'ocm.invalid-input',
        message: `the input type ${type} is not supported`,
        where: context.element,
      });
  }
}

function streamOf(bytes: Buffer): Readable {
  return Readable.from([bytes], { objectMode: false });
}
