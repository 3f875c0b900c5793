export {
  type OmittedImages,
  type TransferOptions,
  type TransferredComponentVersion,
  type TransferResult,
} from './options';
export { transferComponentVersion } from './transfer';
export { parseSelector, type ElementSelector } from './selection';
