/** Countries whose plate formats come with the program. */
export const countries: readonly (readonly [code: string, name: string])[] = [
  ["EC", "Ecuador"], ["CL", "Chile"], ["BR", "Brasil"], ["CO", "Colombia"], ["PE", "Perú"], ["AR", "Argentina"],
];
