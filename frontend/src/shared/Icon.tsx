/** Small line drawings, 16 px, in the colour of the text around them. */
const paths = {
  home: "M2.5 7.5 8 2.8l5.5 4.7V13a.7.7 0 0 1-.7.7H9.8V10H6.2v3.7H3.2a.7.7 0 0 1-.7-.7z",
  video: "M1.8 4h8.4v8H1.8zM10.2 7l4-2.2v6.4l-4-2.2",
  boxes: "M3.5 3.5h9v9h-9zM2 2h3v3H2zM11 2h3v3h-3zM2 11h3v3H2zM11 11h3v3h-3z",
  plate: "M1.5 4.5h13v7h-13zM4.5 7v2M7 7v2M9.5 7v2M12 7v2",
  data: "M2.8 4c0-1 2.3-1.8 5.2-1.8S13.200 3 13.200 4 10.900 5.800 8 5.800 2.800 5 2.800 4zM2.800 4v8c0 1 2.300 1.800 5.200 1.800s5.200-.8 5.200-1.800V4M2.800 8c0 1 2.300 1.800 5.200 1.800s5.200-.8 5.200-1.800",
  curve: "M2 2v12h12M4 11c2 0 2-6 4-6s2 3 6 2",
  cube: "M8 1.800 13.500 5v6L8 14.200 2.500 11V5zM2.500 5 8 8l5.500-3M8 8v6.200",
  check: "M2.500 8.500 6.200 12 13.500 4",
  list: "M2 4h12M2 8h8M2 12h10",
  gear: "M8 5.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5zM8 1.500v2M8 12.500v2M1.500 8h2M12.500 8h2M3.400 3.400l1.400 1.400M11.200 11.200l1.400 1.400M3.400 12.600l1.400-1.400M11.200 4.800l1.400-1.400",
  search: "M7 2.500a4.500 4.500 0 1 0 0 9 4.500 4.500 0 0 0 0-9zM10.500 10.500 14 14",
  menu: "M2 4h12M2 8h12M2 12h12",
  warning: "M8 2 14.500 13.500h-13zM8 6.500v3.200M8 11.300v.4",
  people: "M6 3a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5zM1.500 13.500c0-2.500 2-4 4.500-4s4.500 1.500 4.500 4M10.500 3.200a2.400 2.400 0 0 1 0 4.600M12 9.800c1.500.5 2.500 1.800 2.500 3.700",
  import: "M8 2v8M4.800 7 8 10.200 11.200 7M2.500 11v2.500h11V11",
  export: "M8 10.200V2M4.800 5 8 1.800 11.200 5M2.500 11v2.500h11V11",
  close: "M3.500 3.500l9 9M12.500 3.500l-9 9",
  play: "M4.500 2.800v10.400L13 8z",
  pause: "M5 3v10M11 3v10",
  right: "M6 3.500 10.500 8 6 12.500",
  down: "M3.500 6 8 10.500 12.500 6",
  plus: "M8 3v10M3 8h10",
  offline: "M2 2l12 12M4.500 12.500h7M3 9a3 3 0 0 1 2-4M7 3.500A3.800 3.800 0 0 1 12 7c1.500.2 2.200 1.500 2 3",
  sun: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 1.500v1.500M8 13v1.500M1.500 8H3M13 8h1.500M3.400 3.400l1 1M11.600 11.600l1 1M3.400 12.600l1-1M11.600 4.400l1-1",
  moon: "M13 9.500A5.500 5.500 0 0 1 6.500 3a5.500 5.500 0 1 0 6.500 6.500z",
  folder: "M1.800 3.500h4.400l1.500 1.700h6.500v7.300H1.800z",
  frames: "M2 4.500h9v8H2zM5 4.500v-2h9v8h-3",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.4"
      strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
