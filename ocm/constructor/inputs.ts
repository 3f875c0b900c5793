import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import {
  ImageArchive,
  ImageLayout,
  isDigest,
  parseReference,
  resolvable,
  type CallOptions,
  type Content,
  type Descriptor,
} from '../../oci';
import { AirlockError, messageOf } from '../../report';
import { artifactSetType, contentOf, spool, writeArtifactSet, type SpooledBlob } from '../access';
import { writeTar } from '../archive';
import type { Registries } from '../repository';
import { readYaml, writeYaml, type Json, type JsonObject } from '../yaml';
import { directoryEntries, type DirectoryInput } from './directory';
import { inputType } from './input-checks';

/** What an input is read in. */
export interface InputContext extends CallOptions {
  /** Folder that paths are relative to. */
  readonly folder: string;
  readonly component: string;
  readonly version: string;
  readonly element: string;
  readonly registries: Registries;
}

/** The content of an input, as a blob on disk. */
export interface BuiltInput extends SpooledBlob {
  /** For OCI artifacts: what they are to be called where they are unpacked into a registry. */
  readonly referenceName?: string;
}

type Input = JsonObject & { readonly type: string };

/** A field that was checked to be text. */
function text(input: Input, field: string): string {
  const value = input[field];
  return typeof value === 'string' ? value : '';
}

/** Reads an input and spools it. Throws `ocm.invalid-input`, `ocm.input-not-found`. Remove the blob after use. */
export async function buildInput(input: Input, context: InputContext): Promise<BuiltInput> {
  const type = inputType(input.type);
  if (type === 'ociArtifact' || type === 'ociImage') return imageInput(input, context);
  const { stream, mediaType } = await plainInput(type, input, context);
  const compress = input.compress === true;
  const content = compress ? pipeline(stream, createGzip(), () => undefined) : stream;
  const chosen =
    typeof input.mediaType === 'string' && input.mediaType !== ''
      ? input.mediaType
      : compress
        ? compressedType(mediaType)
        : mediaType;
  return spool(content, chosen, context.signal);
}

function compressedType(mediaType: string): string {
  return mediaType === 'application/x-tar' ? 'application/x-tgz' : 'application/gzip';
}

async function plainInput(
  type: string,
  input: Input,
  context: InputContext,
): Promise<{ stream: Readable; mediaType: string }> {
  const octets = 'application/octet-stream';
  switch (type) {
    case 'file': {
      const file = await existing(text(input, 'path'), context, 'file');
      return { stream: createReadStream(file), mediaType: octets };
    }
    case 'dir': {
      const folder = await existing(text(input, 'path'), context, 'directory');
      return {
        stream: writeTar(await directoryEntries(folder, input as DirectoryInput)),
        mediaType: 'application/x-tar',
      };
    }
    case 'utf8':
      return {
        stream: Readable.from([Buffer.from(utf8Text(input, context), 'utf8')], { objectMode: false }),
        mediaType: octets,
      };
    case 'binary':
      return {
        stream: Readable.from([base64(text(input, 'data'), context)], { objectMode: false }),
        mediaType: octets,
      };
    default:
      throw new AirlockError({
        code: 'ocm.invalid-input',
        message: `the input type ${type} is not supported`,
        where: context.element,
      });
  }
}

async function existing(given: string, context: InputContext, kind: 'file' | 'directory'): Promise<string> {
  const full = path.resolve(context.folder, given);
  const found = await stat(full).catch(() => undefined);
  if (found === undefined)
    throw new AirlockError({
      code: 'ocm.input-not-found',
      message: `the input ${full} does not exist`,
      where: context.element,
      remedy: 'Paths are relative to the constructor file',
    });
  if (kind === 'directory' ? found.isDirectory() : found.isFile()) return full;
  throw new AirlockError({
    code: 'ocm.invalid-input',
    message: `the input ${full} is not a ${kind}`,
    where: context.element,
    remedy: 'Inputs of type dir are folders, those of type file are files',
  });
}

function utf8Text(input: Input, context: InputContext): string {
  const given = ['text', 'json', 'formattedJson', 'yaml'].filter(key => input[key] !== undefined);
  const [form] = given;
  if (form === undefined || given.length > 1) {
    throw new AirlockError({
      code: 'ocm.invalid-input',
      message: 'an input of type utf8 has exactly one of text, json, formattedJson, yaml',
      where: context.element,
    });
  }
  const value = input[form] ?? null;
  if (form === 'text') return typeof value === 'string' ? value : '';
  const data = typeof value === 'string' ? parsed(value, context) : value;
  if (form === 'yaml') return writeYaml(data);
  return form === 'json' ? JSON.stringify(data) : JSON.stringify(data, undefined, 2);
}

function parsed(source: string, context: InputContext): Json {
  try {
    return readYaml(Buffer.from(source), context.element).value;
  } catch (error) {
    throw new AirlockError({
      code: 'ocm.invalid-input',
      message: `the text is neither JSON nor YAML: ${messageOf(error)}`,
      where: context.element,
    });
  }
}

function base64(encoded: string, context: InputContext): Buffer {
  const plain = encoded.replace(/\s/g, '');
  if (/^[A-Za-z0-9+/]*={0,2}$/.test(plain) && plain.length % 4 === 0) return Buffer.from(plain, 'base64');
  throw new AirlockError({ code: 'ocm.invalid-input', message: 'data is not base64', where: context.element });
}

/** An OCI artifact from an image layout, an image archive, or a registry, packed as an artifact set. */
async function imageInput(input: Input, context: InputContext): Promise<BuiltInput> {
  if (Array.isArray(input.platforms) && input.platforms.length > 0) {
    throw new AirlockError({
      code: 'ocm.invalid-input',
      message: 'platforms are not supported: images are taken whole',
      where: context.element,
      remedy: 'Leave platforms out, or name the image of one platform by digest',
    });
  }
  const found = await openImageInput(text(input, 'path'), context);
  try {
    const { content, root, tag } = found;
    const hint = hintOf(input, context, tag);
    const stream = await writeArtifactSet(content, root, hint.tag, context);
    const mediaType =
      typeof input.mediaType === 'string' && input.mediaType !== '' ? input.mediaType : artifactSetType(root);
    const blob = await spool(stream, mediaType, context.signal);
    return { ...blob, referenceName: `${hint.repository}:${hint.tag}` };
  } finally {
    await found.close();
  }
}

interface OpenImage {
  readonly content: Content;
  readonly root: Descriptor;
  readonly tag: string | undefined;
  close(): Promise<void>;
}

async function openImageInput(given: string, context: InputContext): Promise<OpenImage> {
  const colon = given.lastIndexOf(':');
  const candidates = [
    [given, undefined],
    ...(colon > 0 ? [[given.slice(0, colon), given.slice(colon + 1)] as const] : []),
  ] as const;
  for (const [name, tag] of candidates) {
    const full = path.resolve(context.folder, name);
    const found = await stat(full).catch(() => undefined);
    if (found?.isDirectory()) return fromLayout(full, tag, context);
    if (found?.isFile()) return fromArchive(full, tag, context);
  }
  if (/^[./]/.test(given))
    throw new AirlockError({
      code: 'ocm.input-not-found',
      message: `the image ${path.resolve(context.folder, given)} does not exist`,
      where: context.element,
    });
  const reference = parseReference(given);
  const content = contentOf(reference, context.registries);
  return {
    content,
    root: await content.resolve(resolvable(reference), context),
    tag: reference.tag,
    close: () => Promise.resolve(),
  };
}

async function fromLayout(folder: string, tag: string | undefined, context: InputContext): Promise<OpenImage> {
  const layout = await ImageLayout.open(folder);
  const close = (): Promise<void> => Promise.resolve();
  if (tag !== undefined)
    return { content: layout, root: await layout.resolve(tag), tag: isDigest(tag) ? undefined : tag, close };
  const roots = await layout.roots();
  const [root] = roots;
  if (root === undefined || new Set(roots.map(each => each.digest)).size !== 1)
    throw severalImages(folder, roots.length, context);
  const [only, ...others] = await layout.tags();
  return {
    content: layout,
    root: { mediaType: root.mediaType, digest: root.digest, size: root.size },
    tag: others.length === 0 ? only : undefined,
    close,
  };
}

async function fromArchive(file: string, tag: string | undefined, context: InputContext): Promise<OpenImage> {
  const archive = await ImageArchive.open(file, context);
  const close = (): Promise<void> => archive.close();
  try {
    if (tag !== undefined)
      return { content: archive, root: await archive.resolve(tag), tag: isDigest(tag) ? undefined : tag, close };
    const [image, ...others] = archive.images();
    if (image === undefined || others.length > 0) throw severalImages(file, archive.images().length, context);
    return { content: archive, root: image.descriptor, tag: image.names[0]?.split(':').pop(), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function severalImages(where: string, count: number, context: InputContext): AirlockError {
  return new AirlockError({
    code: 'ocm.invalid-input',
    message: `${where} holds ${count} images, one is needed`,
    where: context.element,
    remedy: 'Name one of them: path:tag',
  });
}

/** As the reference implementation names it: `<component>/<element>:<tag>`, or below `repository`. */
function hintOf(input: Input, context: InputContext, tag: string | undefined): { repository: string; tag: string } {
  const given = typeof input.repository === 'string' ? input.repository : '';
  const repository = given.startsWith('/')
    ? given.slice(1)
    : `${context.component}/${given === '' ? context.element : given}`;
  return { repository, tag: tag ?? context.version.replaceAll('+', '.build-') };
}
