/** The videos to choose from, with the one that the address names: a long list begins without it. */
export const offeredWith = <T extends { id: number }>(videos: readonly T[], named: T | undefined): readonly T[] =>
  named === undefined || videos.some((video) => video.id === named.id) ? videos : [named, ...videos];
