export { componentDescriptorFile, formatOfName, openCtf, type CtfFormat, type OpenCtfOptions } from './archive';
export { CtfDirectory } from './directory';
