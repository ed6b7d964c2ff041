import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  // `npm run dev` serves the pages at port 5173, and hands on what is for the API.
  server: {
    host: "127.0.0.1",
    proxy: { "/api": { target: "http://127.0.0.1:8000", changeOrigin: true } },
  },
  // Small files stay files: our Content-Security-Policy allows no data: addresses.
  build: { assetsInlineLimit: 0 },
});
