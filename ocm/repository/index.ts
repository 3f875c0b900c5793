export { ContentRepository, storeTagged, type ContentRepositoryOptions } from './content-repository';
export { oneResource } from './access';
export * from './ctf';
export * from './mapping';
export * from './open';
export * from './reference';
export * from './repository';
export * from './space';
export * from './versions';
