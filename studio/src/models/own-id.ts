/** Ids of the reader's own models, which no bundled model has; the address of the page names them so. */
export const ownId = (hash: string): string => `own.${hash.slice(0, 16)}`
export const isOwnId = (id: string | undefined): boolean => id?.startsWith('own.') ?? false
