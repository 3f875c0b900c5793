export * from './compare';
export * from './fields';
