import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The server's page names the entry through dist/.vite/manifest.json. The relative base keeps
// lazy chunks and fonts working under whatever address the server gives the folder.
export default defineConfig({
  base: "./",
  plugins: [react()],
  build: {
    manifest: true,
    outDir: "dist",
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    rollupOptions: { input: "src/main.tsx" },
  },
  server: {
    proxy: {
      "/api": { target: process.env.LPR_SERVER ?? "http://127.0.0.1:8000", changeOrigin: false },
      "/ws": { target: process.env.LPR_SERVER ?? "http://127.0.0.1:8000", ws: true },
    },
  },
  test: { include: ["src/**/*.test.{ts,tsx}"], environment: "node" },
});
