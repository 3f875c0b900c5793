export { type TransferOptions, type TransferredComponentVersion, type TransferResult } from './options';
export { transferComponentVersion } from './transfer';
